"""The codec's critic: which patches of an image look like a film's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Critic(nn.Sequential):
    """[N, 1, 128, 128] -> realness [N, 1, 30, 30], each of a patch of 22 px."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1), nn.GroupNorm(8, 64), nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3))


def hinge(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The critic's loss: realness of films above 1, of reconstructions below -1."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
