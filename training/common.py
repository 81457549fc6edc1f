"""Seeds, devices, atomic checkpoints, learning-rate schedule and image augmentation."""

from __future__ import annotations

import argparse
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from data import DEFAULT_CACHE, DEFAULT_DATA


def base_parser(description: str | None) -> argparse.ArgumentParser:
    """Flags shared by every training command."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with labels.csv")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="decoded data, checkpoints")
    parser.add_argument("--source", choices=["nih", "chexpert"], default="nih", help="layout of the data folder")
    parser.add_argument("--uncertain", choices=["zeros", "ones", "ignore"], default="ignore",
                        help="what CheXpert's uncertain labels become")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def setup(seed: int, threads: int) -> torch.device:
    """Seed every generator and choose CUDA when it is there."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def save_atomic(state: object, path: Path) -> None:
    """Write a checkpoint so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def cosine(step: int, steps: int, warmup: int, peak: float) -> float:
    """Learning rate: linear warm-up, then half a cosine down to 2 % of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return peak * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * progress)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set one learning rate on all parameter groups."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def to_batch(pixels: np.ndarray, device: torch.device) -> torch.Tensor:
    """uint8 [N, S, S] -> float32 [N, 1, S, S] in [-1, 1]."""
    return torch.from_numpy(pixels).to(device).float().unsqueeze(1) / 127.5 - 1.0


def known_bce(logits: torch.Tensor, labels: torch.Tensor,
              pos_weight: torch.Tensor | None = None) -> torch.Tensor:
    """Mean binary cross-entropy over the labels that are known; nan is nobody's knowledge."""
    known = ~labels.isnan()
    each = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), pos_weight=pos_weight, reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


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


class Ema:
    """Exponential moving average of a module's parameters and buffers."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: torch.nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)


class Clock:
    """Seconds of training, carried over a resume, and the time since the last checkpoint."""

    def __init__(self, spent: float = 0.0) -> None:
        self.start = time.monotonic() - spent
        self.last_save = time.monotonic()

    def spent(self) -> float:
        return time.monotonic() - self.start

    def due(self, seconds: float = 100.0) -> bool:
        if time.monotonic() - self.last_save < seconds:
            return False
        self.last_save = time.monotonic()
        return True
