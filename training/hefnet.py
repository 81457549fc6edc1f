"""HefNet-R with shallow squeeze-and-excitation: a polynomial network on the 4 x 32 x 32 latent.

Every nonlinearity is a learned quadratic, so the whole network can run on CKKS ciphertexts.
`relu=True` builds the ReLU twin, for comparison only.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from data import FINDINGS

SMALLEST_SQUARE = 1e-3
HEADS = {"gap": 128, "pool4": 128 * 4, "pool2": 128 * 16, "flat": 128 * 64}


class Quadratic(nn.Module):
    """a x^2 + b x + c per channel (or unit); keeps the last input for range control."""

    def __init__(self, channels: int, relu: bool = False) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.full((channels,), 0.25))
        self.b = nn.Parameter(torch.full((channels,), 0.5))
        self.c = nn.Parameter(torch.zeros(channels))
        self.relu = relu
        self.seen = torch.zeros(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = x
        if self.relu:
            return F.relu(x)
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return (self.a.view(shape) * x + self.b.view(shape)) * x + self.c.view(shape)

    @torch.no_grad()
    def keep_square(self) -> None:
        """Hold |a| >= 1e-3, so that a folded scale never divides by zero."""
        small = self.a.abs() < SMALLEST_SQUARE
        self.a[small] = torch.where(self.a[small] < 0, -SMALLEST_SQUARE, SMALLEST_SQUARE)


class HefNet(nn.Module):
    """[N, 4, 32, 32] -> 14 logits."""

    def __init__(self, head: str = "gap", dropout: float = 0.0, relu: bool = False) -> None:
        super().__init__()
        self.kind = head
        self.conv1 = nn.Conv2d(4, 32, 4, 2, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(32)
        self.act1 = Quadratic(32, relu)
        self.conv2 = nn.Conv2d(32, 128, 3, 2, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.act2 = Quadratic(128, relu)
        self.conv3 = nn.Conv2d(128, 128, 3, 1, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(128)
        self.act3 = Quadratic(128, relu)
        self.linear1 = nn.Linear(128, 16)
        self.actGate = Quadratic(16, relu)
        self.linear2 = nn.Linear(16, 128)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(HEADS[head], len(FINDINGS))
        nn.init.normal_(self.linear2.weight, std=0.02)
        nn.init.ones_(self.linear2.bias)
        nn.init.normal_(self.head.weight, std=0.01)

    def quadratics(self) -> list[Quadratic]:
        return [self.act1, self.act2, self.act3, self.actGate]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = self.act1(self.norm1(self.conv1(latent)))
        x = self.act2(self.norm2(self.conv2(x)))
        u = self.norm3(self.conv3(x))
        gate = self.linear2(self.actGate(self.linear1(u.mean(dim=(2, 3)))))
        v = self.act3(u) * gate[:, :, None, None]
        if self.kind == "gap":
            v = v.mean(dim=(2, 3))
        elif self.kind != "flat":
            v = F.avg_pool2d(v, int(self.kind[4:]))
        return self.head(self.dropout(v.flatten(1)))

    def overflow(self, limit: float) -> torch.Tensor:
        """Sum of squared excess of |pre-activation| over the limit, per image of the last batch."""
        parts = [F.relu(q.seen.abs() - limit).pow(2).sum() / len(q.seen) for q in self.quadratics()]
        return torch.stack(parts).sum()
