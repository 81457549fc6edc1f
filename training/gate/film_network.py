"""The film check: a small network that sees how a film lies, and whether it shows a whole chest."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from training.gate.film_kinds import KINDS
from training.loop.images import upsample2

POOL = 4  # the encoder's image of 256 x 256 is looked at with a quarter of its side


def block(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU())


class FilmNetwork(nn.Module):
    """Images [N, 1, 256, 256] in [-1, 1] -> probabilities [N, len(KINDS)] that sum to 1.

    Each image is made mean 0 and deviation 1 first, so that exposure and window say nothing.
    """

    def __init__(self, width: int = 20) -> None:
        super().__init__()
        self.features = nn.Sequential(
            block(1, width, 5, 2), block(width, 2 * width, 3, 2), block(2 * width, 3 * width, 3, 2),
            block(3 * width, 3 * width, 3, 1), block(3 * width, 4 * width, 3, 2))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * width * 16, len(KINDS)))

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        small = F.avg_pool2d(images, POOL)
        centred = small - small.mean((2, 3), keepdim=True)
        deviation = (centred * centred).mean((2, 3), keepdim=True).sqrt()
        return self.head(self.features(centred / (deviation + 0.02)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.logits(images), 1)


@torch.no_grad()
def judge(network: FilmNetwork, films: torch.Tensor) -> torch.Tensor:
    """Probabilities [N, len(KINDS)] of films [N, 1, 128, 128] in [-1, 1]."""
    return torch.cat([network(upsample2(part)) for part in films.split(128)])
