"""What a training run keeps: atomic checkpoints, averaged weights, and the seconds it has spent."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch


def save_atomic(state: object, path: Path) -> None:
    """Write a checkpoint so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


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
