"""The ReLU network on pixels: the baseline of what can be known, and the teacher of those on latents."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = (16, 32, 64, 128, 192)


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut, which halve the side."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + self.skip(F.avg_pool2d(x, 2)))


class PixelNet(nn.Module):
    """[N, 1, 128, 128] in [-1, 1] -> one logit per finding."""

    def __init__(self, dropout: float = 0.0, findings: int = 14) -> None:
        super().__init__()
        stem = nn.Conv2d(1, WIDTHS[0], 5, 2, 2, bias=False)
        blocks = (Block(a, b) for a, b in zip(WIDTHS, WIDTHS[1:], strict=False))
        self.body = nn.Sequential(stem, nn.BatchNorm2d(WIDTHS[0]), nn.ReLU(), *blocks)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * WIDTHS[-1], findings)
        nn.init.normal_(self.head.weight, std=0.01)

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """What the head sees: means and maxima of the last map."""
        last = self.body(x)
        return torch.cat([last.mean(dim=(2, 3)), last.amax(dim=(2, 3))], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.dropout(self.pooled(x)))
