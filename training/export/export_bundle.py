"""Write the model bundle and the parity fixtures from the trained checkpoints.

Every file is written beside its destination and renamed, so the bundle is never half written.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from training.classifier.hefnet import HefNet
from training.classifier.ranges import RangeWatch
from training.classifier.train_classifier import load_classifier, predict
from training.codec.vqgan import load_vqgan
from training.data.reduce import area_average, reduce_image, upsample2
from training.data.sources import images
from training.data.split import Split, read_grey
from training.export.calibrate import calibrate
from training.export.graph import build_graph, run_graph
from training.export.publish import ROOT, publish, write_json
from training.gate.distribution import distance, gate_model, pool, random_latents, size
from training.latent import LATENT_LIMIT, LATENTS
from training.loop.flags import data_parser, setup
from training.metrics.likeness import psnr

OPSET = 14
MARGIN = 1.01  # latentBound over the measured maximum; never above the encoder's clamp
HEADROOM = 1.25  # recorded bounds over the measured maxima
RANDOM = 10_000  # random latents inside the accepted range, twice: to measure bounds and to check them


def onnx_file(model: torch.nn.Module, shape: tuple[int, ...], names: tuple[str, str], path: Path) -> None:
    torch.onnx.export(model.cpu().to(memory_format=torch.contiguous_format), torch.zeros(shape), str(path),
                      input_names=[names[0]], output_names=[names[1]], opset_version=OPSET,
                      do_constant_folding=True)


@torch.no_grad()
def measure(model: HefNet, latents: list[np.ndarray]) -> tuple[dict[str, float], float]:
    """Max |input| of each quadratic and max |logit| of a region over all given latents [N, C, H, W]."""
    watch, highest = RangeWatch(model), 0.0
    for array in latents:
        for i in range(0, len(array), 128):
            regions = model.regions(torch.tensor(array[i:i + 128], dtype=torch.float32))
            highest = max(highest, float(regions.abs().max()))
    return watch.highest, highest


@torch.no_grad()
def write_fixtures(folder: Path, data: Path, val: Split, encoder: torch.nn.Module, decoder: torch.nn.Module,
                   model: HefNet, gate: dict, count: int = 4) -> None:
    """Four val images, a folder each, with what PyTorch computes from each, and reduction vectors."""
    cases = []
    for index in np.flatnonzero(val.labels.sum(1) > 0)[:: 40][:count]:
        source = data / val.files[index]
        place = folder / source.stem
        place.mkdir()
        shutil.copyfile(source, place / f"radiograph{source.suffix}")
        reduced = reduce_image(read_grey(source) / 255.0)
        latent = encoder(torch.from_numpy(reduced)[None, None])
        regions = model.regions(latent)
        arrays = {"reduced": reduced, "latent": latent.numpy(), "regions": regions.numpy()}
        for kind, array in arrays.items():
            (place / f"{kind}.f32").write_bytes(np.ascontiguousarray(array, "<f4").tobytes())
        cases.append({"image": f"{place.name}/radiograph{source.suffix}",
                      **{k: f"{place.name}/{k}.f32" for k in arrays},
                      "distance": float(distance(pool(latent), gate_model(gate))[0]), "size": float(size(latent)[0]),
                      "psnr": float(psnr(torch.from_numpy(reduced)[None, None], decoder(latent))[0])})
    write_json(folder / "cases.json", {
        "format": "cipherfilm-parity/1", "dtype": "float32 little-endian",
        "shapes": {"reduced": [256, 256], "latent": list(latent.shape[1:]), "regions": list(regions.shape[1:])}, "cases": cases})
    ramp = np.random.default_rng(7).random((3, 5)).round(4)  # 3 rows, 5 columns
    fine = np.random.default_rng(8).random((9, 7)).round(4)
    write_json(folder / "reduction.json", {
        "format": "cipherfilm-reduction/1",
        "areaAverage": [{"height": a.shape[0], "width": a.shape[1], "input": a.tolist(), "outHeight": 4,
                         "outWidth": 4, "output": area_average(a, 4, 4).tolist()} for a in (ramp, fine)],
        "upsample2": [{"input": ramp.tolist(), "output": upsample2(ramp).tolist()}]})


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--latents", default="final")
    parser.add_argument("--classifier", default="hefnet.pt")
    parser.add_argument("--out", type=Path, default=ROOT / "native-models" / "cxr-f8-r1")
    parser.add_argument("--fixtures", type=Path, default=ROOT / "test" / "fixtures" / "parity")
    args = parser.parse_args()
    setup(args.seed, args.threads)
    cpu = torch.device("cpu")
    encoder, decoder, _ = load_vqgan(args.cache / f"vqgan-{args.latents}-normalised.pt", cpu)
    model, _ = load_classifier(args.cache / args.classifier, cpu)
    gate = json.loads((args.cache / "gate.json").read_text())
    train, val = (images(args, s) for s in ("train", "val"))
    encoded = {s: np.load(args.cache / "latents" / f"{args.latents}-{s}.npy", mmap_mode="r")
               for s in ("train", "val", "test")}
    highest_latent = MARGIN * max(float(np.abs(view).max()) for s in ("train", "val") for view in encoded[s])
    latent_bound = round(min(highest_latent, LATENT_LIMIT), 3)
    shape = (LATENTS[model.factor][0], *(2 * [LATENTS[model.factor][1]]))
    chance = [random_latents(gate, shape, latent_bound, RANDOM, seed).numpy() for seed in (1, 2)]
    seen = [view for array in encoded.values() for view in array]
    bounds, highest = measure(model, [*seen, chance[0]])
    bounds, highest = {k: HEADROOM * v for k, v in bounds.items()}, HEADROOM * highest
    beyond, beyond_logit = measure(model, [chance[1]])
    if any(beyond[k] > bounds[k] for k in bounds) or beyond_logit > highest:
        raise SystemExit(f"bounds {bounds}, {highest} are left by new random latents: {beyond}, {beyond_logit}")
    document, weights = build_graph(model, bounds, highest)
    sample = torch.from_numpy(encoded["val"][0][:64].astype(np.float32))
    error = float((run_graph(document, weights, sample) - model.regions(sample)).abs().max())
    if error > 1e-4:
        raise SystemExit(f"exported graph differs from the network by {error}")
    args.out.mkdir(parents=True, exist_ok=True)
    args.fixtures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix=".staged-") as name:
        staged = Path(name)
        for part in ("bundle/client", "bundle/server", "fixtures"):
            (staged / part).mkdir(parents=True)
        client, server = staged / "bundle" / "client", staged / "bundle" / "server"
        shutil.copyfile(args.cache / "gate.json", client / "gate.json")
        onnx_file(encoder, (1, 1, 256, 256), ("image", "latent"), client / "encoder.onnx")
        onnx_file(decoder, (1, *shape), ("latent", "image"), client / "decoder.onnx")
        logits = {s: predict(model, encoded[s][0], cpu).astype(np.float64) for s in ("train", "val")}
        write_json(client / "calibration.json", {
            "format": "cipherfilm-calibration/2", "latentBound": latent_bound,
            "findings": calibrate(train, logits["train"], val, logits["val"])})
        write_json(server / "graph.json", document)
        (server / "weights.bin").write_bytes(weights)
        write_fixtures(staged / "fixtures", args.data, val, encoder, decoder, model, gate)
        for old in args.fixtures.glob("0*"):
            if not (staged / "fixtures" / old.name).exists():
                shutil.rmtree(old)
        publish(staged / "bundle", args.out)
        publish(staged / "fixtures", args.fixtures)
    print(json.dumps({"bounds": bounds, "maxLogit": highest, "latentBound": latent_bound, "randomLatents": {"count": RANDOM, "highest": beyond, "logit": beyond_logit},
                      "graphError": error}))


if __name__ == "__main__":
    main()
