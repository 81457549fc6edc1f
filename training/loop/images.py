"""Batches of images as the networks take them, and their random changes."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def to_batch(pixels: np.ndarray, device: torch.device) -> torch.Tensor:
    """uint8 [N, S, S] -> float32 [N, 1, S, S] in [-1, 1]."""
    return torch.from_numpy(pixels).to(device).float().unsqueeze(1) / 127.5 - 1.0


def upsample2(images: torch.Tensor) -> torch.Tensor:
    """The reduction's last step for a batch [N, 1, 128, 128] -> [N, 1, 256, 256]."""
    return F.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)


def augment(images: torch.Tensor, generator: torch.Generator, mirror: bool = True,
            soften: float = 0.25) -> torch.Tensor:
    """Random rotation (8 deg), scale (8 %), shift (6 %), gamma, contrast and brightness of
    [N, 1, S, S]; half are mirrored if `mirror`, and a share of `soften` loses its detail, as
    images of half the side have."""
    n = images.shape[0]

    def uniform(low: float, high: float) -> torch.Tensor:
        return (torch.rand(n, generator=generator) * (high - low) + low).to(images.device)

    angle, scale = uniform(-0.14, 0.14), uniform(0.92, 1.08)
    flip = (uniform(0, 1) < 0.5).float() * 2 - 1 if mirror else torch.ones(n, device=images.device)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack([
        torch.stack([cos * flip, -sin, uniform(-0.12, 0.12)], 1),
        torch.stack([sin * flip, cos, uniform(-0.12, 0.12)], 1),
    ], 1)
    soft = uniform(0, 1) < soften
    if soft.any():
        images = images.clone()
        images[soft] = upsample2(F.avg_pool2d(images[soft], 2))
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    gamma = torch.exp(uniform(-0.2, 0.2)).view(n, 1, 1, 1)
    moved = ((moved + 1) / 2).clamp(1e-4, 1).pow(gamma) * 2 - 1
    gain, bias = uniform(0.85, 1.15).view(n, 1, 1, 1), uniform(-0.12, 0.12).view(n, 1, 1, 1)
    return (moved * gain + bias).clamp(-1, 1)
