"""The Gaussian that the input gate compares latents with, and random latents that it lets through
(main/engine/input-gate.ts computes the same distance and size).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

CELLS = 8  # the latent's means are taken over CELLS x CELLS parts
TRIES = 200  # times as many random latents are drawn as are wanted, before it is given up


def pool(latents: torch.Tensor) -> np.ndarray:
    """[N, C, H, W] -> [N, C * CELLS^2]."""
    return F.adaptive_avg_pool2d(latents, CELLS).flatten(1).double().cpu().numpy()


def fit(features: np.ndarray, directions: int) -> dict:
    """Mean, leading directions and variances of [N, D] features."""
    mean = features.mean(0)
    _, singular, basis = np.linalg.svd(features - mean, full_matrices=False)
    variances = singular ** 2 / (len(features) - 1)
    return {"mean": mean, "basis": basis[:directions], "variances": variances[:directions],
            "restVariance": float(variances[directions:].mean())}


def distance(features: np.ndarray, model: dict) -> np.ndarray:
    """Mean square of the whitened coordinates, [N]."""
    centred = features - model["mean"]
    along = centred @ model["basis"].T
    rest = np.maximum((centred ** 2).sum(1) - (along ** 2).sum(1), 0)
    return ((along ** 2 / model["variances"]).sum(1) + rest / model["restVariance"]) / features.shape[1]


def size(latents: torch.Tensor) -> torch.Tensor:
    """Root mean square of each latent, [N]."""
    return latents.square().mean(dim=(1, 2, 3)).sqrt()


def gate_model(gate: dict) -> dict:
    """What `fit` returned, of a gate that was read from JSON."""
    arrays = {k: np.asarray(gate[k]) for k in ("mean", "basis", "variances")}
    return {**arrays, "restVariance": gate["restVariance"]}


def random_latents(gate: dict, shape: tuple[int, int, int], bound: float, count: int, seed: int) -> torch.Tensor:
    """[count, C, H, W] latents of no image that the gate's checks on the latent let through: noise of any smoothness
    on a sample of the gate's own distribution, as large as is allowed or up to half of it."""
    generator = torch.Generator().manual_seed(seed)
    channels, side, _ = shape
    model = gate_model(gate)
    kept: list[torch.Tensor] = []
    n = 256
    for _ in range(TRIES * (1 + count // n)):
        if sum(len(part) for part in kept) >= count:
            break
        draw = torch.randn(n, len(gate["variances"]), generator=generator).numpy() * np.sqrt(model["variances"])
        coarse = torch.from_numpy((model["mean"] + draw @ model["basis"]).astype(np.float32))
        coarse = F.interpolate(coarse.view(n, channels, CELLS, CELLS), size=side, mode="bilinear", align_corners=False)
        grain = [F.interpolate(torch.randn(n, channels, side >> k, side >> k, generator=generator), size=side)
                 for k in range(3)]
        shares = torch.rand(4, n, 1, 1, 1, generator=generator)
        x = sum(share * part for share, part in zip(shares, [coarse, *grain], strict=True))
        target = gate["sizeLimit"] * (0.5 + 0.5 * torch.rand(n, generator=generator))
        x = (x * (target / size(x)).view(-1, 1, 1, 1)).clamp(-bound, bound)
        kept.append(x[torch.from_numpy(distance(pool(x), model) <= gate["distanceLimit"])])
    found = torch.cat(kept)[:count]
    if len(found) < count:
        raise ValueError(f"the gate lets {len(found)} of so many random latents through that {count} cannot be drawn")
    return found
