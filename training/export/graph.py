"""Networks as `cipherfilm-graph/1`: a JSON list of nodes and one file of float32 tensors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from training.classifier.hefnet import REGIONS, HefNet
from training.latent import LATENTS


def seeded_tensor(shape: tuple[int, ...] | list[int], seed: int, spread: float) -> np.ndarray:
    """Reproducible float32 values, uniform in [-spread, spread): `seededTensor` of he/compiler/graph.ts.

    The same bits. Value i is spread * (h / 2^31 - 1) rounded to float32, h = mix(i + mix(seed)), mix being
    MurmurHash3's 32-bit finaliser and the sum modulo 2^32.
    """
    start = mix32(np.array([seed], np.uint32))
    hashes = mix32(np.arange(int(np.prod(shape)), dtype=np.uint32) + start)
    return (spread * (hashes / 2.0**31 - 1.0)).astype("<f4").reshape(shape)


def mix32(values: np.ndarray) -> np.ndarray:
    """MurmurHash3's 32-bit finaliser of uint32 values (array arithmetic wraps)."""
    hashes = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))


class Builder:
    """Collects tensors (offsets in floats) and nodes in topological order.

    `drawn` names the tensors that are recorded as (seed, spread) and take no room in the file.
    """

    def __init__(self, drawn: dict[str, tuple[int, float]] | None = None) -> None:
        self.drawn = drawn or {}
        self.tensors: dict[str, dict] = {}
        self.nodes: list[dict] = []
        self.chunks: list[np.ndarray] = []
        self.size = 0

    def tensor(self, name: str, value: torch.Tensor) -> str:
        if name in self.tensors:  # a layer used twice
            return name
        if name in self.drawn:
            seed, spread = self.drawn[name]
            self.tensors[name] = {"shape": list(value.shape), "seed": seed, "spread": spread}
            return name
        array = value.detach().cpu().contiguous().numpy().astype("<f4")
        self.tensors[name] = {"shape": list(array.shape), "offset": self.size}
        self.chunks.append(array.reshape(-1))
        self.size += array.size
        return name

    def node(self, identifier: str, op: str, source: str, **fields: object) -> str:
        self.nodes.append({"id": identifier, "op": op, "input": source, **fields})
        return identifier

    def conv(self, name: str, layer: torch.nn.Conv2d, source: str) -> str:
        return self.node(name, "conv2d", source, weight=self.tensor(f"{name}.weight", layer.weight),
                         bias=self.bias(name, layer), stride=list(layer.stride),
                         padding=list(layer.padding), groups=layer.groups)

    def bias(self, name: str, layer: torch.nn.Module) -> str | None:
        return None if layer.bias is None else self.tensor(f"{name}.bias", layer.bias)

    def norm(self, name: str, layer: torch.nn.BatchNorm2d, source: str) -> str:
        parts = {"gamma": layer.weight, "beta": layer.bias, "mean": layer.running_mean,
                 "variance": layer.running_var}
        names = {k: self.tensor(f"{name}.{k}", v) for k, v in parts.items()}
        return self.node(name, "batchNorm", source, **names, epsilon=layer.eps)

    def quadratic(self, name: str, layer: torch.nn.Module, source: str, bound: float) -> str:
        return self.polynomial(name, "quadratic", name, layer, source, bound)

    def polynomial(self, identifier: str, op: str, name: str, layer: torch.nn.Module, source: str,
                   bound: float) -> str:
        names = {k: self.tensor(f"{name}.{k}", getattr(layer, k)) for k in "abc"}
        return self.node(identifier, op, source, **names, inputBound=bound)

    def linear(self, name: str, layer: torch.nn.Linear, source: str) -> str:
        return self.node(name, "linear", source, weight=self.tensor(f"{name}.weight", layer.weight),
                         bias=self.bias(name, layer))


def build_graph(model: HefNet, bounds: dict[str, float], highest_logit: float) -> tuple[dict, bytes]:
    """The graph document and weights.bin; bounds are measured max |input| per quadratic.

    The output is one logit per finding and region, whose sum `model` returns: the head as a 1x1 convolution, then the
    mean over each region, both linear, so that they become one map together with what lies before them.
    """
    g = Builder()
    x = u = "input"
    for k in range(1, model.depth + 1):
        conv, norm, act = model.layer(k)
        u = g.norm(f"norm{k}", norm, g.conv(f"conv{k}", conv, x))
        v = g.quadratic(f"act{k}", act, u, bounds[f"act{k}"])
        x = g.node(f"sum{k}", "add", v, other=x) if model.adds(k) else v
    if model.attention == "shallow":
        z = g.linear("linear1", model.linear1, g.node("squeeze", "globalAveragePool", u))
        z = g.quadratic("actGate", model.actGate, z, bounds["actGate"])
        z = g.linear("linear2", model.linear2, z)
        x = g.node("excite", "scaleChannels", x, gate=z)
    weight, bias = (tensor.detach() / REGIONS ** 2 for tensor in (model.head.weight, model.head.bias))
    x = g.node("head", "conv2d", x, weight=g.tensor("head.weight", weight[:, :, None, None]),
               bias=g.tensor("head.bias", bias), stride=[1, 1], padding=[0, 0], groups=1)
    k = 8 // REGIONS
    g.node("regions", "averagePool", x, kernel=[k, k], stride=[k, k])
    document = {"format": "cipherfilm-graph/1", "name": "hefnet-r-se",
                "input": {"shape": [model.conv1.in_channels, *(2 * [LATENTS[model.factor][1]])]},
                "tensors": g.tensors, "nodes": g.nodes, "output": "regions",
                "outputBound": 1.5 * highest_logit}
    return document, np.concatenate(g.chunks).astype("<f4").tobytes()


def run_graph(document: dict, weights: bytes, latents: torch.Tensor) -> torch.Tensor:
    """Interpret an exported graph on latents [N, C, H, W]: the check on what was exported."""
    flat = torch.from_numpy(np.frombuffer(weights, dtype="<f4").copy())

    def tensor(name: str) -> torch.Tensor:
        entry = document["tensors"][name]
        if "seed" in entry:
            return torch.from_numpy(seeded_tensor(entry["shape"], entry["seed"], entry["spread"]))
        count = int(np.prod(entry["shape"]))
        return flat[entry["offset"]:entry["offset"] + count].view(entry["shape"])

    values = {"input": latents}
    for node in document["nodes"]:
        x, op = values[node["input"]], node["op"]
        if op == "conv2d":
            bias = None if node["bias"] is None else tensor(node["bias"])
            y = F.conv2d(x, tensor(node["weight"]), bias, node["stride"], node["padding"],
                         groups=node["groups"])
        elif op == "batchNorm":
            y = F.batch_norm(x, tensor(node["mean"]), tensor(node["variance"]), tensor(node["gamma"]),
                             tensor(node["beta"]), eps=node["epsilon"])
        elif op in ("quadratic", "cubic"):
            a, b, c = (tensor(node[k]).view((1, -1) + (1,) * (x.dim() - 2)) for k in "abc")
            y = (a * x * x if op == "quadratic" else a * x * x * x) + b * x + c
        elif op == "globalAveragePool":
            y = x.mean(dim=(2, 3))
        elif op == "averagePool":
            y = F.avg_pool2d(x, node["kernel"], node["stride"])
        elif op == "flatten":
            y = x.flatten(1)
        elif op == "linear":
            y = x @ tensor(node["weight"]).t()
            y = y if node["bias"] is None else y + tensor(node["bias"])
        elif op == "scaleChannels":
            y = x * values[node["gate"]][:, :, None, None]
        elif op == "add":
            y = x + values[node["other"]]
        else:
            raise ValueError(f"unknown op {op}")
        values[node["id"]] = y
    return values[document["output"]]
