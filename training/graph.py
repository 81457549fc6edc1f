"""HefNet as `cipherfilm-graph/1`: a JSON list of nodes and one file of float32 tensors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from hefnet import HefNet


class Builder:
    """Collects tensors (offsets in floats) and nodes in topological order."""

    def __init__(self) -> None:
        self.tensors: dict[str, dict] = {}
        self.nodes: list[dict] = []
        self.chunks: list[np.ndarray] = []
        self.size = 0

    def tensor(self, name: str, value: torch.Tensor) -> str:
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
                         bias=None, stride=list(layer.stride), padding=list(layer.padding), groups=1)

    def norm(self, name: str, layer: torch.nn.BatchNorm2d, source: str) -> str:
        parts = {"gamma": layer.weight, "beta": layer.bias, "mean": layer.running_mean,
                 "variance": layer.running_var}
        names = {k: self.tensor(f"{name}.{k}", v) for k, v in parts.items()}
        return self.node(name, "batchNorm", source, **names, epsilon=layer.eps)

    def quadratic(self, name: str, layer: torch.nn.Module, source: str, bound: float) -> str:
        names = {k: self.tensor(f"{name}.{k}", getattr(layer, k)) for k in "abc"}
        return self.node(name, "quadratic", source, **names, inputBound=bound)

    def linear(self, name: str, layer: torch.nn.Linear, source: str) -> str:
        return self.node(name, "linear", source, weight=self.tensor(f"{name}.weight", layer.weight),
                         bias=self.tensor(f"{name}.bias", layer.bias))


def build_graph(model: HefNet, bounds: dict[str, float], highest_logit: float) -> tuple[dict, bytes]:
    """The graph document and weights.bin; bounds are measured max |input| per quadratic."""
    g = Builder()
    x = g.norm("norm1", model.norm1, g.conv("conv1", model.conv1, "input"))
    x = g.quadratic("act1", model.act1, x, bounds["act1"])
    x = g.norm("norm2", model.norm2, g.conv("conv2", model.conv2, x))
    x = g.quadratic("act2", model.act2, x, bounds["act2"])
    u = g.norm("norm3", model.norm3, g.conv("conv3", model.conv3, x))
    x = g.quadratic("act3", model.act3, u, bounds["act3"])
    z = g.linear("linear1", model.linear1, g.node("squeeze", "globalAveragePool", u))
    z = g.quadratic("actGate", model.actGate, z, bounds["actGate"])
    z = g.linear("linear2", model.linear2, z)
    x = g.node("excite", "scaleChannels", x, gate=z)
    if model.kind == "gap":
        x = g.node("pool", "globalAveragePool", x)
    else:
        if model.kind != "flat":
            k = int(model.kind[4:])
            x = g.node("pool", "averagePool", x, kernel=[k, k], stride=[k, k])
        x = g.node("flatten", "flatten", x)
    g.linear("head", model.head, x)
    document = {"format": "cipherfilm-graph/1", "name": "hefnet-r-se", "input": {"shape": [4, 32, 32]},
                "tensors": g.tensors, "nodes": g.nodes, "output": "head",
                "outputBound": 1.5 * highest_logit}
    return document, np.concatenate(g.chunks).astype("<f4").tobytes()


def run_graph(document: dict, weights: bytes, latents: torch.Tensor) -> torch.Tensor:
    """Interpret an exported graph on latents [N, 4, 32, 32]: the check on `build_graph`."""
    flat = torch.from_numpy(np.frombuffer(weights, dtype="<f4").copy())

    def tensor(name: str) -> torch.Tensor:
        entry = document["tensors"][name]
        count = int(np.prod(entry["shape"]))
        return flat[entry["offset"]:entry["offset"] + count].view(entry["shape"])

    values = {"input": latents}
    for node in document["nodes"]:
        x, op = values[node["input"]], node["op"]
        if op == "conv2d":
            y = F.conv2d(x, tensor(node["weight"]), None, node["stride"], node["padding"])
        elif op == "batchNorm":
            y = F.batch_norm(x, tensor(node["mean"]), tensor(node["variance"]), tensor(node["gamma"]),
                             tensor(node["beta"]), eps=node["epsilon"])
        elif op == "quadratic":
            a, b, c = (tensor(node[k]).view((1, -1) + (1,) * (x.dim() - 2)) for k in "abc")
            y = a * x * x + b * x + c
        elif op == "globalAveragePool":
            y = x.mean(dim=(2, 3))
        elif op == "averagePool":
            y = F.avg_pool2d(x, node["kernel"], node["stride"])
        elif op == "flatten":
            y = x.flatten(1)
        elif op == "linear":
            y = x @ tensor(node["weight"]).t() + tensor(node["bias"])
        elif op == "scaleChannels":
            y = x * values[node["gate"]][:, :, None, None]
        else:
            raise ValueError(f"unknown op {op}")
        values[node["id"]] = y
    return values[document["output"]]
