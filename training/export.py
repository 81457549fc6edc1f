"""Write the model bundle and the parity fixtures from the trained checkpoints.

Every file is written beside its destination and renamed, so the bundle is never half written.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from calibrate import calibrate
from common import base_parser, setup
from data import Split, load_split, read_grey
from graph import build_graph, run_graph
from hefnet import HefNet
from latents import load_vqgan
from reduce import area_average, reduce_image, upsample2
from train_classifier import load_hefnet, predict

ROOT = Path(__file__).resolve().parent.parent
OPSET = 14
MARGIN = 1.01  # latentBound over the measured maximum (which is at most the encoder's clamp)


def onnx_file(model: torch.nn.Module, shape: tuple[int, ...], names: tuple[str, str], path: Path) -> None:
    torch.onnx.export(model.cpu().to(memory_format=torch.contiguous_format), torch.zeros(shape), str(path),
                      input_names=[names[0]], output_names=[names[1]], opset_version=OPSET,
                      do_constant_folding=True)


@torch.no_grad()
def measure(model: HefNet, latents: list[np.ndarray]) -> tuple[dict[str, float], float]:
    """Max |input| of each quadratic and max |logit| over all given latents [N, 4, 32, 32]."""
    bounds, highest = {"act1": 0.0, "act2": 0.0, "act3": 0.0, "actGate": 0.0}, 0.0
    for array in latents:
        for i in range(0, len(array), 128):
            logits = model(torch.tensor(array[i:i + 128], dtype=torch.float32))
            highest = max(highest, float(logits.abs().max()))
            for name in bounds:
                bounds[name] = max(bounds[name], float(getattr(model, name).seen.abs().max()))
    return bounds, highest


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


@torch.no_grad()
def write_fixtures(folder: Path, data: Path, val: Split, encoder: torch.nn.Module, model: HefNet,
                   count: int = 4) -> None:
    """Four val images with what PyTorch computes from each, and reduction vectors."""
    cases = []
    for index in np.flatnonzero(val.labels.sum(1) > 0)[:: 40][:count]:
        source = data / val.files[index]
        stem = source.stem
        shutil.copyfile(source, folder / source.name)
        reduced = reduce_image(read_grey(source) / 255.0)
        latent = encoder(torch.from_numpy(reduced)[None, None])
        arrays = {"reduced": reduced, "latent": latent.numpy(), "logits": model(latent).numpy()}
        for kind, array in arrays.items():
            (folder / f"{stem}.{kind}.f32").write_bytes(np.ascontiguousarray(array, "<f4").tobytes())
        cases.append({"image": source.name, **{k: f"{stem}.{k}.f32" for k in arrays}})
    write_json(folder / "cases.json", {
        "format": "cipherfilm-parity/1", "dtype": "float32 little-endian",
        "shapes": {"reduced": [256, 256], "latent": [4, 32, 32], "logits": [14]}, "cases": cases})
    ramp = np.random.default_rng(7).random((3, 5)).round(4)  # 3 rows, 5 columns
    fine = np.random.default_rng(8).random((9, 7)).round(4)
    write_json(folder / "reduction.json", {
        "format": "cipherfilm-reduction/1",
        "areaAverage": [{"height": a.shape[0], "width": a.shape[1], "input": a.tolist(), "outHeight": 4,
                         "outWidth": 4, "output": area_average(a, 4, 4).tolist()} for a in (ramp, fine)],
        "upsample2": [{"input": ramp.tolist(), "output": upsample2(ramp).tolist()}]})


def publish(staged: Path, target: Path) -> None:
    """Move every staged file over its destination, one atomic rename each."""
    for file in sorted(p for p in staged.rglob("*") if p.is_file()):
        place = target / file.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.chmod(file, 0o644)
        os.replace(file, place)


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--latents", default="final")
    parser.add_argument("--classifier", default="hefnet.pt")
    parser.add_argument("--out", type=Path, default=ROOT / "native-models" / "cxr-f8-r1")
    parser.add_argument("--fixtures", type=Path, default=ROOT / "test" / "fixtures" / "parity")
    args = parser.parse_args()
    setup(args.seed, args.threads)
    cpu = torch.device("cpu")
    encoder, decoder = load_vqgan(args.cache / f"vqgan-{args.latents}-normalised.pt", cpu)
    model, _ = load_hefnet(args.cache / args.classifier, cpu)
    train, val = (load_split(args.data, "px128", s, args.cache) for s in ("train", "val"))
    encoded = {s: np.load(args.cache / "latents" / f"{args.latents}-{s}.npy", mmap_mode="r")
               for s in ("train", "val", "test")}
    bounds, highest = measure(model, [view for array in encoded.values() for view in array])
    document, weights = build_graph(model, bounds, highest)
    sample = torch.from_numpy(encoded["val"][0][:64].astype(np.float32))
    error = float((run_graph(document, weights, sample) - model(sample)).abs().max())
    if error > 1e-4:
        raise SystemExit(f"exported graph differs from the network by {error}")
    highest_latent = max(float(np.abs(view).max()) for s in ("train", "val") for view in encoded[s])
    args.out.mkdir(parents=True, exist_ok=True)
    args.fixtures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix=".staged-") as name:
        staged = Path(name)
        for part in ("bundle/client", "bundle/server", "fixtures"):
            (staged / part).mkdir(parents=True)
        client, server = staged / "bundle" / "client", staged / "bundle" / "server"
        onnx_file(encoder, (1, 1, 256, 256), ("image", "latent"), client / "encoder.onnx")
        onnx_file(decoder, (1, 4, 32, 32), ("latent", "image"), client / "decoder.onnx")
        logits = {s: predict(model, encoded[s][0], cpu).astype(np.float64) for s in ("train", "val")}
        write_json(client / "calibration.json", {
            "format": "cipherfilm-calibration/1", "latentBound": round(MARGIN * highest_latent, 3),
            "findings": calibrate(logits["train"], train.labels, logits["val"], val.labels,
                                  val.patients)})
        write_json(server / "graph.json", document)
        (server / "weights.bin").write_bytes(weights)
        write_fixtures(staged / "fixtures", args.data, val, encoder, model)
        for old in args.fixtures.glob("0*"):
            if not (staged / "fixtures" / old.name).exists():
                old.unlink()
        publish(staged / "bundle", args.out)
        publish(staged / "fixtures", args.fixtures)
    print(json.dumps({"bounds": bounds, "maxLogit": highest, "maxLatent": highest_latent,
                      "graphError": error}))


if __name__ == "__main__":
    main()
