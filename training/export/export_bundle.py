"""Writes the model bundle and the parity fixtures of a trained codec and classifier."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.classifier.hefnet import HefNet
from training.classifier.ranges import RangeWatch
from training.data.reduce import area_average, reduce_image, upsample2
from training.data.split import Split, read_grey
from training.export.by_view import by_view, stored_scores
from training.export.calibrate import calibrate
from training.export.graph import build_graph, run_graph
from training.export.publish import write_json
from training.gate.distribution import distance, gate_model, pool, random_latents, size
from training.latent import LATENT_LIMIT
from training.metrics.likeness import psnr

OPSET = 14
MARGIN = 1.01  # latentBound over the measured maximum; never above the encoder's clamp
HEADROOM = 1.25  # recorded bounds over the measured maxima
RANDOM = 10_000  # random latents inside the accepted range, twice: to measure bounds and to check them


def onnx_file(model: torch.nn.Module, shape: tuple[int, ...], names: tuple[str, str], path: Path) -> None:
    torch.onnx.export(model.cpu().to(memory_format=torch.contiguous_format), torch.zeros(shape), str(path),
                      input_names=[names[0]], output_names=[names[1]], opset_version=OPSET,
                      do_constant_folding=True, dynamo=False)


@torch.no_grad()
def predict_latents(model: HefNet, latents: np.ndarray) -> np.ndarray:
    """Logits [N, F] of latents [N, C, H, W]."""
    return np.concatenate([model(torch.from_numpy(latents[i:i + 128].astype(np.float32))).numpy()
                           for i in range(0, len(latents), 128)])


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


class BundleWork:
    """Writes the two halves of the bundle and the parity fixtures into a folder, from which `publish` takes them.

    Bounds are measured on every latent of the views, on altered films and on random latents that the gate lets
    through, and checked on other such random latents.
    """

    steps = 1

    def __init__(self, folder: Path, data: Path, splits: dict[str, Split], views: dict[str, np.ndarray],
                 codec: tuple[torch.nn.Module, torch.nn.Module], model: HefNet, gate: dict[str, Any],
                 random: int = RANDOM) -> None:
        self.folder, self.data, self.splits, self.views = folder, data, splits, views
        (self.encoder, self.decoder), self.model, self.gate, self.random = codec, model, gate, random
        self.found: dict[str, Any] = {}

    def state(self) -> dict[str, Any]:
        return {"found": self.found}

    def load(self, state: dict[str, Any]) -> None:
        self.found = state["found"]

    def weights(self) -> dict[str, Any]:
        """Only a sign that the folder is whole."""
        return self.found

    def figures(self) -> dict[str, Any]:
        return self.found

    def let_through(self) -> np.ndarray:
        """The altered films whose latents the gate would not refuse."""
        altered = torch.from_numpy(np.asarray(self.views["altered"], np.float32))
        near = distance(pool(altered), gate_model(self.gate)) <= self.gate["distanceLimit"]
        return altered.numpy()[near & (size(altered).numpy() <= self.gate["sizeLimit"])]

    def bounds(self) -> tuple[dict[str, float], float, float]:
        """Largest |input| of each quadratic and largest |logit| of a region, with headroom, and the latent's bound."""
        plain = [*self.views["train"], self.views["val"], self.views["test"], self.let_through()]
        latent = round(min(MARGIN * max(float(np.abs(part).max()) for part in plain), LATENT_LIMIT), 3)
        chance = [random_latents(self.gate, plain[0].shape[1:], latent, self.random, seed).numpy() for seed in (1, 2)]
        measured, highest = measure(self.model, [*plain, chance[0]])
        bounds, highest = {k: HEADROOM * v for k, v in measured.items()}, HEADROOM * highest
        beyond, beyond_logit = measure(self.model, [chance[1]])
        if any(beyond[k] > bounds[k] for k in bounds) or beyond_logit > highest:
            raise ValueError(f"bounds {bounds}, {highest} are left by new random latents: {beyond}, {beyond_logit}")
        return bounds, highest, latent

    def step(self, step: int) -> str:
        bounds, highest, latent_bound = self.bounds()
        document, weights = build_graph(self.model, bounds, highest)
        sample = torch.from_numpy(self.views["val"][:64].astype(np.float32))
        error = float((run_graph(document, weights, sample) - self.model.regions(sample)).abs().max())
        if error > 1e-4:
            raise ValueError(f"the exported graph differs from the network by {error}")
        shutil.rmtree(self.folder / "staged", ignore_errors=True)
        client, server, fixtures = (self.folder / "staged" / part for part in ("bundle/client", "bundle/server", "fixtures"))
        for folder in (client, server, fixtures):
            folder.mkdir(parents=True)
        write_json(client / "gate.json", self.gate)
        onnx_file(self.encoder, (1, 1, 256, 256), ("image", "latent"), client / "encoder.onnx")
        onnx_file(self.decoder, (1, *sample.shape[1:]), ("latent", "image"), client / "decoder.onnx")
        train, val = self.splits["train"], self.splits["val"]
        plain = {"train": self.views["train"][0], "val": self.views["val"], "test": self.views["test"]}
        logits = {name: predict_latents(self.model, part).astype(np.float64) for name, part in plain.items()}
        views, table = by_view(self.splits, logits)
        write_json(client / "calibration.json", {
            "format": "cipherfilm-calibration/2", "latentBound": latent_bound,
            "findings": calibrate(train, logits["train"], val, logits["val"]), "views": views})
        write_json(server / "graph.json", document)
        (server / "weights.bin").write_bytes(weights)
        write_fixtures(fixtures, self.data, val, self.encoder, self.decoder, self.model, self.gate)
        self.found = {"bounds": bounds, "maxLogit": highest, "latentBound": latent_bound, "graphError": error,
                      "alteredLetThrough": len(self.let_through()), "randomLatents": self.random,
                      "findings": list(val.findings),
                      "views": {view: [{k: entry[k] for k in ("name", "slope", "intercept", "low", "high", "claimable")}
                                       for entry in entries] for view, entries in views.items()},
                      "operatingPoints": table, "scores": stored_scores(self.splits, logits)}
        return ""
