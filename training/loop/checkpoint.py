"""What a training run keeps: atomic files and averaged weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import torch


def _replace(path: Path, write: Any) -> None:
    """Write beside the file, bring it to the disk, and put it in the file's place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    handle: BinaryIO
    with open(partial, "wb") as handle:
        write(handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_atomic(state: object, path: Path) -> None:
    """Write a checkpoint so that a reader never sees half of it, not even after a power failure."""
    _replace(path, lambda handle: torch.save(state, handle))


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a reader never sees half of it."""
    _replace(path, lambda handle: handle.write(text.encode()))


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """A stored state on the CPU, or None where there is none."""
    return torch.load(path, map_location="cpu", weights_only=False) if path.exists() else None


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

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from stored averages, which may lie on another device."""
        for name, value in state.items():
            self.state[name].copy_(value)
