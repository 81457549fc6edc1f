"""Write every network of classifier/networks.py as a graph with random weights that behave like trained ones.

Convolutions and linear layers are recorded as seeds; what is small (normalisation statistics,
coefficients, biases) lies in the weights file. Layer by layer, over the same latents, the spread of
each weight is chosen so that pre-activations are of unit size, or less where their largest would
leave the range that training keeps to (polynomials explode beyond it); batch-norm statistics are
measured.
Real latents are those of val in the cache, of the queue's run `--views`; f16's are smoothed noise of the same
deviation (and so are those of f8 without the cache).
"""

from __future__ import annotations

import json
import operator
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import fx, nn

from training.classifier.hefnet import Quadratic
from training.classifier.networks import ATTENTIONS, LATENTS, NETWORKS, Cubic, GlobalAveragePool, ScaleChannels
from training.export.graph import Builder, run_graph, seeded_tensor
from training.export.publish import ROOT, publish
from training.latent import LATENT_LIMIT
from training.loop.flags import base_parser, setup

COUNT = 256  # latents measured
HEADROOM = 1.5  # recorded bounds over the measured maxima
HIGHEST_LOGIT = 6.0
RANGE = 8.0  # largest |pre-activation|, about what the range penalty of train_classifier.py leaves
TRAINED = {("hefnet-r", "f8", "shallow"): ("cxr-f8-r1/server/graph.json",
                                           "cxr-f8-r1/server/weights.bin")}
LEAVES = (nn.Conv2d, nn.BatchNorm2d, nn.Linear, nn.AvgPool2d, nn.Flatten, Quadratic, Cubic,
          GlobalAveragePool, ScaleChannels)


class Tracer(fx.Tracer):
    """Traces a network into one call per graph node."""

    def is_leaf_module(self, module: nn.Module, qualified_name: str) -> bool:
        return isinstance(module, LEAVES)


class Fit(fx.Interpreter):
    """Runs a traced network and sets each layer's values when its input is first known.

    Afterwards `drawn` holds seed and spread of every weight, `bounds` the largest |input| of every
    polynomial call, `highest` the largest |logit|.
    """

    def __init__(self, traced: fx.GraphModule, label: str) -> None:
        super().__init__(traced)
        self.label = label
        self.drawn: dict[str, tuple[int, float]] = {}
        self.bounds: dict[str, float] = {}
        self.highest = 0.0

    def draw(self, name: str, shape: torch.Size, spread: float) -> torch.Tensor:
        seed = zlib.crc32(f"{self.label}/{name}".encode())
        return torch.from_numpy(seeded_tensor(tuple(shape), seed, spread))

    def vary(self, name: str, value: torch.Tensor, centre: float, spread: float) -> None:
        value.data.copy_(centre + self.draw(name, value.shape, spread))

    def fit_weight(self, name: str, layer: nn.Module, x: torch.Tensor) -> None:
        """A spread that makes the output's root mean square the layer's gain, within the range."""
        if layer.bias is not None:
            self.vary(f"{name}.bias", layer.bias, getattr(layer, "centre", 0.0), 0.05)
        key, shape = f"{name}.weight", layer.weight.shape
        layer.weight.data.copy_(self.draw(key, shape, 1.0))
        y = layer(x)
        if layer.bias is not None:
            y = y - layer.bias.view((1, -1) + (1,) * (y.dim() - 2))
        highest, gain = float(y.abs().max()), getattr(layer, "gain", 1.0)
        limit = getattr(layer, "limit", RANGE * gain)
        spread = min(gain / float(y.square().mean().sqrt()), limit / highest)
        if name == "head":
            spread = HIGHEST_LOGIT / highest
        spread = float(f"{spread:.4g}")
        self.drawn[key] = (zlib.crc32(f"{self.label}/{key}".encode()), spread)
        layer.weight.data.copy_(self.draw(key, shape, spread))

    def fit_norm(self, name: str, layer: nn.BatchNorm2d, x: torch.Tensor) -> None:
        gain = getattr(layer, "gain", 1.0)
        self.vary(f"{name}.gamma", layer.weight, gain, 0.1 * gain)
        self.vary(f"{name}.beta", layer.bias, 0.0, 0.2 * gain)
        layer.running_mean.copy_(x.mean(dim=(0, 2, 3)))
        layer.running_var.copy_(x.var(dim=(0, 2, 3), unbiased=False))
        beyond = layer(x).abs().amax(dim=(0, 2, 3)) / (RANGE * gain)
        layer.weight.div_(beyond.clamp(min=1.0))

    def fit_quadratic(self, name: str, layer: Quadratic) -> None:
        """Coefficients per channel differ a little, as trained ones would."""
        if layer.a.numel() > 1:
            for part, centre, spread in (("a", 0.25, 0.03), ("b", 0.5, 0.05), ("c", 0.0, 0.02)):
                self.vary(f"{name}.{part}", getattr(layer, part), centre, spread)

    def call_module(self, target: str, args: tuple, kwargs: dict) -> torch.Tensor:
        layer, x = self.fetch_attr(target), args[0]
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            self.fit_weight(target, layer, x)
        elif isinstance(layer, nn.BatchNorm2d):
            self.fit_norm(target, layer, x)
        elif isinstance(layer, Quadratic):
            self.fit_quadratic(target, layer)
        return layer(*args)

    def run_node(self, node: fx.Node) -> torch.Tensor:
        if node.op == "call_module":
            if isinstance(self.fetch_attr(node.target), (Quadratic, Cubic)):
                self.bounds[node.name] = float(self.env[node.args[0]].abs().max())
        result = super().run_node(node)
        if node.op == "output":
            self.highest = float(result.abs().max())
        return result


def pair(value: int | tuple[int, int]) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


def to_graph(traced: fx.GraphModule, fit: Fit, name: str,
             shape: tuple[int, ...]) -> tuple[dict, bytes]:
    """The graph document and weights file of a fitted network."""
    g, ids = Builder(fit.drawn), {}
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            ids[node] = "input"
            continue
        if node.op == "output":
            output = ids[node.args[0]]
            continue
        identifier = node.name.replace("_", ".") if node.op == "call_module" else node.name
        source, target = ids[node.args[0]], str(node.target)
        if node.target is operator.add:
            ids[node] = g.node(identifier, "add", source, other=ids[node.args[1]])
            continue
        layer = traced.get_submodule(target)
        if isinstance(layer, nn.Conv2d):
            ids[node] = g.conv(target, layer, source)
        elif isinstance(layer, nn.Linear):
            ids[node] = g.linear(target, layer, source)
        elif isinstance(layer, nn.BatchNorm2d):
            ids[node] = g.norm(target, layer, source)
        elif isinstance(layer, (Quadratic, Cubic)):
            op = "cubic" if isinstance(layer, Cubic) else "quadratic"
            ids[node] = g.polynomial(identifier, op, target, layer, source,
                                     HEADROOM * fit.bounds[node.name])
        elif isinstance(layer, GlobalAveragePool):
            ids[node] = g.node(identifier, "globalAveragePool", source)
        elif isinstance(layer, nn.AvgPool2d):
            ids[node] = g.node(identifier, "averagePool", source, kernel=pair(layer.kernel_size),
                               stride=pair(layer.stride))
        elif isinstance(layer, nn.Flatten):
            ids[node] = g.node(identifier, "flatten", source)
        elif isinstance(layer, ScaleChannels):
            ids[node] = g.node(identifier, "scaleChannels", source, gate=ids[node.args[1]])
        else:
            raise ValueError(f"no graph operator for {target}")
    document = {"format": "cipherfilm-graph/1", "name": name, "input": {"shape": list(shape)},
                "tensors": g.tensors, "nodes": g.nodes, "output": output,
                "outputBound": HEADROOM * fit.highest}
    return document, np.concatenate(g.chunks).astype("<f4").tobytes()


@torch.no_grad()
def build(network: str, factor: str, attention: str,
          latents: torch.Tensor) -> tuple[nn.Module, Fit, dict, bytes]:
    """One network, fitted to the latents [N, C, H, W], with its graph."""
    model = NETWORKS[network](factor, attention).eval().requires_grad_(False)
    traced = fx.GraphModule(model, Tracer().trace(model))
    label = f"{network}-{factor}-{attention}"
    fit = Fit(traced, label)
    fit.run(latents)
    return model, fit, *to_graph(traced, fit, label, LATENTS[factor])


def synthetic_latents(factor: str, count: int, deviation: float) -> np.ndarray:
    """Noise smoothed a little, float32 [count, C, H, W], of the given deviation."""
    rng = np.random.default_rng(zlib.crc32(factor.encode()))
    noise = rng.standard_normal((count, *LATENTS[factor]))
    for axis in (2, 3):
        noise = np.pad(noise, [(0, 0)] * axis + [(1, 1)] + [(0, 0)] * (3 - axis), mode="edge")
        side = noise.shape[axis] - 2
        lower, middle, upper = (np.take(noise, range(k, k + side), axis) for k in range(3))
        noise = (lower + 2 * middle + upper) / 4
    noise *= deviation / noise.std()
    return np.clip(noise, -LATENT_LIMIT, LATENT_LIMIT).astype(np.float32)


def load_latents(cache: Path, name: str) -> dict[str, torch.Tensor]:
    """The latents each factor is measured on."""
    path = cache / "runs" / name / "val.npy"
    real = np.load(path, mmap_mode="r")[:COUNT].astype(np.float32) if path.exists() else None
    f8 = synthetic_latents("f8", COUNT, 1.0) if real is None else real
    f16 = synthetic_latents("f16", COUNT, float(f8.std()))
    return {"f8": torch.from_numpy(f8), "f16": torch.from_numpy(f16)}


def refresh_trained(models: Path, fixtures: Path) -> None:
    """After another export of the bundle: what its graph gives for the stored latents. All else stays as it is."""
    logits = json.loads((fixtures / "logits.json").read_text())
    for (network, factor, attention), files in TRAINED.items():
        latent = np.fromfile(fixtures / f"{factor}.latent.f32", dtype="<f4").reshape(1, *LATENTS[factor])
        document = json.loads((models / files[0]).read_text())
        values = run_graph(document, (models / files[1]).read_bytes(), torch.from_numpy(latent))
        logits[f"{network}-{factor}-{attention}"] = values.flatten().tolist()
    write_logits(fixtures, logits)


def write_logits(folder: Path, logits: dict[str, list[float]]) -> None:
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in logits.items())
    (folder / "logits.json").write_text(f"{{\n{lines}\n}}\n")


def document_text(document: dict) -> str:
    """JSON with one line per tensor and per node."""
    def lines(parts: list[str]) -> str:
        return ",\n".join(f"    {part}" for part in parts)

    fields = []
    for key, value in document.items():
        if key == "tensors":
            body = lines([f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()])
            fields.append(f'  "tensors": {{\n{body}\n  }}')
        elif key == "nodes":
            fields.append(f'  "nodes": [\n{lines([json.dumps(node) for node in value])}\n  ]')
        else:
            fields.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(fields) + "\n}\n"


@torch.no_grad()
def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--views", default="views-f8")
    parser.add_argument("--models", type=Path, default=ROOT / "native-models")
    parser.add_argument("--fixtures", type=Path, default=ROOT / "test" / "fixtures" / "networks")
    parser.add_argument("--trained-only", action="store_true", help="only what the bundle's graph gives")
    args = parser.parse_args()
    setup(args.seed, args.threads)
    if args.trained_only:
        refresh_trained(args.models, args.fixtures)
        return
    latents = load_latents(args.cache, args.views)
    target = args.models / "networks"
    for folder in (target, args.fixtures):
        folder.mkdir(parents=True, exist_ok=True)
    index: list[dict] = []
    logits: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=args.models, prefix=".staged-") as name:
        staged, fixtures = Path(name) / "networks", Path(name) / "fixtures"
        staged.mkdir()
        fixtures.mkdir()
        for network in NETWORKS:
            (staged / network).mkdir()
            for factor in LATENTS:
                for attention in ATTENTIONS:
                    label, batch = f"{network}-{factor}-{attention}", latents[factor]
                    trained = (network, factor, attention) in TRAINED
                    if trained:
                        files = TRAINED[network, factor, attention]
                        document = json.loads((args.models / files[0]).read_text())
                        values = run_graph(document, (args.models / files[1]).read_bytes(), batch)
                    else:
                        files = (f"networks/{network}/{label}.json", f"networks/{network}/{label}.bin")
                        model, fit, document, weights = build(network, factor, attention, batch)
                        values = model(batch)
                        error = float((run_graph(document, weights, batch) - values).abs().max())
                        if error > 1e-4:
                            raise SystemExit(f"{label}: graph differs from the network by {error}")
                        (staged / network / f"{label}.json").write_text(document_text(document))
                        (staged / network / f"{label}.bin").write_bytes(weights)
                        print(json.dumps({
                            "network": label, "maxLogit": round(fit.highest, 2),
                            "maxPreActivation": round(max(fit.bounds.values()), 2),
                            "bytes": len(weights), "graphError": error}), flush=True)
                    index.append({"network": network, "factor": factor, "attention": attention,
                                  "graph": files[0], "weights": files[1], "trained": trained})
                    logits[label] = values[0].flatten().tolist()
        lines = ",\n".join(f"  {json.dumps(entry)}" for entry in index)
        (staged / "index.json").write_text(f"[\n{lines}\n]\n")
        for factor, batch in latents.items():
            first = batch[0].numpy().astype("<f4")
            (fixtures / f"{factor}.latent.f32").write_bytes(first.tobytes())
        write_logits(fixtures, logits)
        publish(staged, target)
        publish(fixtures, args.fixtures)


if __name__ == "__main__":
    main()
