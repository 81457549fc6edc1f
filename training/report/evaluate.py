"""Measure everything that the model card and docs/results.md state, and write it to results.json.

Choices are made on val; `--test` adds the test split and is meant to be used once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from training.classifier.compare import OTHERS, OURS, PAPER
from training.classifier.train_classifier import load_classifier, predict
from training.codec.vqgan import Quantiser, load_vqgan
from training.data.nih import load_split
from training.data.sources import images
from training.latent import LATENT_LIMIT, LATENTS
from training.loop.flags import data_parser, setup
from training.loop.images import to_batch, upsample2
from training.metrics.auroc import report
from training.metrics.likeness import ms_ssim, psnr, ssim
from training.report.boxes import point
from training.teacher.network import load_teacher, predict as predict_pixels

TRAINING = Path(__file__).resolve().parent.parent
CODECS = {"final": "vqgan-2.pt", "f2": "vqgan-f2.pt", "f4": "vqgan-f4.pt", "f16": "vqgan-f16.pt",
          "blind": "vqgan-blind.pt"}
QUALITY = {"psnr": psnr, "ssim": ssim, "msSsim": ms_ssim}


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def measure_codec(args: argparse.Namespace, name: str, device: torch.device) -> dict:
    """Likeness of val images decoded from plain and from quantised latents, and what the training was."""
    raw_encoder, raw_decoder, raw = load_vqgan(args.cache / CODECS[name], device)
    encoder, decoder, normalised = load_vqgan(args.cache / f"vqgan-{name}-normalised.pt", device)
    factor = raw["flags"]["factor"]
    quantiser = Quantiser(LATENTS[factor][0]).to(device).eval()
    quantiser.load_state_dict({k[len("quantiser."):]: v for k, v in raw["ema"].items()
                               if k.startswith("quantiser.")})
    out: dict = {"factor": factor, "latents": name, "latentShape": [LATENTS[factor][0], *(2 * [LATENTS[factor][1]])],
                 "encoderParameters": parameters(encoder), "decoderParameters": parameters(decoder),
                 "steps": raw["step"], "seconds": round(raw["seconds"]), "flags": raw["flags"],
                 "history": raw["history"], "clamp": LATENT_LIMIT, "maxBeforeClamp": normalised["maxBeforeClamp"]}
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
            drawn = (decoder(encoder(x)), raw_decoder(quantiser.lookup(index, latent)))
            rows.append(torch.stack([metric(x, y) for y in drawn for metric in QUALITY.values()], 1))
        table = torch.cat(rows)
        mean = [round(value, 4) for value in table.mean(0).tolist()]
        out[folder + "Val"] = {"images": len(pixels), **dict(zip(QUALITY, mean)),
                               "psnrLowest": round(float(table[:, 0].min()), 2),
                               "quantised": dict(zip(QUALITY, mean[len(QUALITY):]))}
    out["codebook"] = {"codes": len(quantiser.codebook), "usedOnVal": len(used)}
    return out


def training_summary(saved: dict) -> dict:
    keys = ("epoch", "step", "flags", "val", "history")
    return {"seconds": round(saved["seconds"]), **{k: saved[k] for k in keys if k in saved}}


def data_counts(args: argparse.Namespace) -> dict:
    out = {}
    for folder, splits in (("px128", ("train", "val", "test")), ("px64", ("train",)), ("px256", ("train", "val"))):
        for name in splits:
            split = load_split(args.data, folder, name, args.cache)
            out[f"{folder}-{name}"] = {
                "images": len(split), "patients": len(set(split.patients.tolist())),
                "positives": dict(zip(split.findings, split.labels.sum(0).astype(int).tolist()))}
    return out


def bundle_id() -> str:
    """The bundle that was exported from these checkpoints: the SHA-256 of its description."""
    return hashlib.sha256((TRAINING.parent / "native-models/cxr-f8-r1/client/bundle.json").read_bytes()).hexdigest()


def describe(network: str, kind: str, attention: str, factor: int, saved: dict, model: torch.nn.Module,
             latents: str = "") -> dict:
    return {"model": network, "input": "latent" if latents else "pixels", "latents": latents, "activation": kind,
            "attention": attention, "factor": factor, "parameters": parameters(model),
            "training": training_summary(saved)}


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--classifier", default="hefnet.pt", help="the one that is shipped")
    parser.add_argument("--teachers", nargs="+", default=["teacher-a.pt", "teacher-b.pt"],
                        help="the pixel baselines; the best on val is the baseline")
    parser.add_argument("--test", action="store_true", help="also the test split (once, at the end)")
    parser.add_argument("--notes", default="", help="free text about this run, kept in the results")
    parser.add_argument("--out", type=Path, default=TRAINING / "results.json")
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    parts = {name: images(args, name) for name in (("val", "test") if args.test else ("val",))}
    models: list[dict] = []

    def add(entry: dict, score) -> None:
        entry.update({name: report(split, score(name, split)) for name, split in parts.items()})
        models.append(entry)
        print(entry["model"], entry["latents"], entry["attention"], entry["activation"],
              *(entry[name]["macroAuroc"] for name in parts), flush=True)

    for name in args.teachers:
        saved = torch.load(args.cache / name, map_location="cpu")
        teacher = load_teacher(args.cache / name, device)
        add({**describe("residual CNN", "relu", "none", 1, saved, teacher), "checkpoint": name},
            lambda _, split: predict_pixels(teacher, split.pixels, device))

    def add_classifier(path: Path, network: str | None = None) -> None:
        model, saved = load_classifier(path, device)
        flags = saved["flags"]
        folder = args.cache / "latents"
        add({**describe(network or flags["network"], "relu" if flags["relu"] else "quadratic", flags["attention"],
                        flags["factor"], saved, model, flags["latents"]), "checkpoint": path.name},
            lambda part, _: predict(model, np.load(folder / f"{flags['latents']}-{part}.npy", mmap_mode="r")[0], device))

    add_classifier(args.cache / args.classifier, "hefnet-r-se (shipped)")
    for run in [*OURS, *PAPER, *OTHERS]:
        if (args.cache / run.name).exists():
            add_classifier(args.cache / run.name, "hefnet-r" if run.network == "shipped" else None)
    encoder, _, _ = load_vqgan(args.cache / "vqgan-final-normalised.pt", device)
    shipped, _ = load_classifier(args.cache / args.classifier, device)
    codecs = [measure_codec(args, name, device) for name, file in CODECS.items()
              if (args.cache / file).exists() and (args.cache / f"vqgan-{name}-normalised.pt").exists()]
    args.out.write_text(json.dumps({
        "bundle": bundle_id(), "notes": args.notes, "seed": args.seed, "torch": torch.__version__, "device": str(device),
        "data": data_counts(args), "codecs": codecs, "models": models,
        "boxes": point(args.data, encoder, shipped, device),
        "gate": json.loads((args.cache / "gate-results.json").read_text())}, indent=1) + "\n")


if __name__ == "__main__":
    main()
