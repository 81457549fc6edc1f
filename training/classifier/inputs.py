"""What a classifier sees: latents of a codec, or pixels."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.flags import ClassifierFlags
from training.data.split import Split
from training.loop.images import augment, to_batch

BATCH = 128


class Inputs(Protocol):
    """The films of all parts, as the network takes them."""

    factor: int

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Training films, changed at random; torch's own generator is seeded too."""

    def part(self, part: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Films of `train`, `val`, `test` or `altered` as they are, or some of them."""

    def tensor(self, films: np.ndarray) -> torch.Tensor:
        """What `part` gave, for the network."""


@torch.no_grad()
def predict(model: nn.Module, inputs: Inputs, part: str, rows: np.ndarray | None = None) -> np.ndarray:
    """Logits [N, F] of plain films."""
    model.eval()
    films = inputs.part(part, rows)
    return np.concatenate([model(inputs.tensor(films[i:i + BATCH])).cpu().numpy() for i in range(0, len(films), BATCH)])


class LatentInputs:
    """The files of codec/views.py."""

    def __init__(self, flags: ClassifierFlags, views: dict[str, np.ndarray], factor: int, device: torch.device) -> None:
        self.flags, self.views, self.factor, self.device = flags, views, factor, device

    def tensor(self, films: np.ndarray) -> torch.Tensor:
        x = torch.from_numpy(films.astype(np.float32)).to(self.device)
        return x.contiguous(memory_format=torch.channels_last)

    def part(self, part: str, rows: np.ndarray | None = None) -> np.ndarray:
        films = self.views["train"][0] if part == "train" else self.views[part]
        return films if rows is None else films[rows]

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Each film in a random view, moved by up to a cell, with more or less contrast and with noise."""
        train = self.views["train"]
        x = self.tensor(train[rng.integers(0, len(train), len(rows)), rows])
        side, (down, right) = x.shape[-1], (int(v) for v in rng.integers(0, 3, 2))
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, down:down + side, right:right + side]
        gain = 1 + self.flags.gain * (2 * torch.rand(len(x), 1, 1, 1, device=self.device) - 1)
        return (gain * x + self.flags.noise * torch.randn_like(x)).contiguous(memory_format=torch.channels_last)


class PixelInputs:
    """The reduced films themselves."""

    def __init__(self, splits: dict[str, Split], device: torch.device) -> None:
        self.splits, self.factor, self.device = splits, 1, device

    def tensor(self, films: np.ndarray) -> torch.Tensor:
        return to_batch(films, self.device).contiguous(memory_format=torch.channels_last)

    def part(self, part: str, rows: np.ndarray | None = None) -> np.ndarray:
        films = self.splits[part].pixels
        return films if rows is None else films[rows]

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Films changed as the views of codec/views.py are, but anew for every step."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        x = augment(to_batch(self.splits["train"].pixels[rows], self.device), generator, soften=1 / 3)
        return x.contiguous(memory_format=torch.channels_last)
