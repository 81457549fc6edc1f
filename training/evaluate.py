"""Measure everything the model card states and write it to results.json.

Choices are made on val; `--test` adds the test split and is meant to be used once.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from common import base_parser, setup, to_batch, upsample2
from data import FINDINGS, load_split
from latents import load_vqgan
from metrics import psnr, report, ssim
from teacher import predict as predict_pixels
from train_classifier import load_hefnet, predict
from train_vqgan import load_teacher
from vqgan import LATENT_LIMIT, Quantiser

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent / "native-models" / "cxr-f8-r1"


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def image_quality(args: argparse.Namespace, device: torch.device) -> dict:
    """PSNR (dB) and SSIM of val images, decoded from plain and from quantised latents."""
    raw = torch.load(args.cache / args.vqgan, map_location=device)
    raw_encoder, raw_decoder = load_vqgan(args.cache / args.vqgan, device)
    encoder, decoder = load_vqgan(args.cache / f"vqgan-{args.latents}-normalised.pt", device)
    quantiser = Quantiser().to(device).eval()
    quantiser.load_state_dict({k[len("quantiser."):]: v for k, v in raw["ema"].items()
                               if k.startswith("quantiser.")})
    out: dict = {"encoderParameters": parameters(encoder), "decoderParameters": parameters(decoder),
                 "steps": raw["step"], "seconds": round(raw["seconds"]), "flags": raw["flags"]}
    used: set[int] = set()
    for folder in ("px128", "px256"):
        pixels = load_split(args.data, folder, "val", args.cache).pixels
        rows: list[torch.Tensor] = []
        for i in range(0, len(pixels), 16):
            x = to_batch(pixels[i:i + 16], device)
            x = upsample2(x) if folder == "px128" else x
            latent = raw_encoder(x)
            index = quantiser.nearest(latent)
            used.update(index.tolist())
            plain, coded = decoder(encoder(x)), raw_decoder(quantiser.lookup(index, latent))
            rows.append(torch.stack([psnr(x, plain), ssim(x, plain), psnr(x, coded), ssim(x, coded)], 1))
        table = torch.cat(rows)
        mean = table.mean(0).tolist()
        out[folder + "Val"] = {
            "images": len(pixels), "psnr": round(mean[0], 2), "ssim": round(mean[1], 4),
            "psnrLowest": round(float(table[:, 0].min()), 2),
            "quantised": {"psnr": round(mean[2], 2), "ssim": round(mean[3], 4)}}
    out["codebook"] = {"codes": len(quantiser.codebook), "usedOnVal": len(used)}
    return out


def training_summary(saved: dict) -> dict:
    keys = ("epoch", "step", "steps", "batch", "seed", "flags", "val", "history")
    return {"seconds": round(saved["seconds"]), **{k: saved[k] for k in keys if k in saved}}


def data_counts(args: argparse.Namespace) -> dict:
    out = {}
    for folder, splits in (("px128", ("train", "val", "test")), ("px256", ("train", "val"))):
        for name in splits:
            split = load_split(args.data, folder, name, args.cache)
            out[f"{folder}-{name}"] = {
                "images": len(split), "patients": len(set(split.patients.tolist())),
                "positives": dict(zip(FINDINGS, split.labels.sum(0).astype(int).tolist()))}
    return out


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--vqgan", default="vqgan.pt")
    parser.add_argument("--latents", default="final")
    parser.add_argument("--classifier", default="hefnet.pt")
    parser.add_argument("--twin", default="", help="ReLU twin's checkpoint, when there is one")
    parser.add_argument("--test", action="store_true", help="also the test split (once, at the end)")
    parser.add_argument("--notes", default="", help="free text about this run, kept in the results")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    normalised = torch.load(args.cache / f"vqgan-{args.latents}-normalised.pt", map_location="cpu")
    teacher = load_teacher(args.cache / "teacher.pt", device)
    models = {"hefnet": load_hefnet(args.cache / args.classifier, device)}
    if args.twin:
        models["reluTwin"] = load_hefnet(args.cache / args.twin, device)
    results: dict = {
        "notes": args.notes, "seed": args.seed, "torch": torch.__version__, "device": str(device),
        "data": data_counts(args), "vqgan": image_quality(args, device),
        "latent": {"mean": normalised["mean"].tolist(), "std": normalised["std"].tolist(),
                   "viewsPerTrainImage": normalised["views"], "clamp": LATENT_LIMIT,
                   "maxBeforeClamp": normalised["maxBeforeClamp"],
                   "shareClamped": normalised["shareClamped"],
                   "encoderOnnxBytes": (BUNDLE / "client" / "encoder.onnx").stat().st_size,
                   "decoderOnnxBytes": (BUNDLE / "client" / "decoder.onnx").stat().st_size},
        "classifiers": {"teacher": {
            "what": "residual ReLU CNN on 128 px pixels", "parameters": parameters(teacher),
            "training": training_summary(torch.load(args.cache / "teacher.pt", map_location="cpu"))}}}
    for key, (model, saved) in models.items():
        what = "HefNet-R-SE, learned quadratics" if key == "hefnet" else "HefNet-R-SE, ReLU instead"
        results["classifiers"][key] = {"what": what + ", on the latent, plaintext PyTorch",
                                       "parameters": parameters(model), "training": training_summary(saved)}
    for name in ("val", "test") if args.test else ("val",):
        split = load_split(args.data, "px128", name, args.cache)
        latents = np.load(args.cache / "latents" / f"{args.latents}-{name}.npy", mmap_mode="r")[0]
        scores = {"teacher": predict_pixels(teacher, split.pixels, device, mirror=False)}
        scores.update({key: predict(model, latents, device) for key, (model, _) in models.items()})
        for key, logits in scores.items():
            results["classifiers"][key][name] = report(split.labels, logits, split.patients)
            print(name, key, results["classifiers"][key][name]["macroAuroc"])
    args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
