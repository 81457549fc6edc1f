"""The learning rate over the steps of a run."""

from __future__ import annotations

import math

import torch


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
