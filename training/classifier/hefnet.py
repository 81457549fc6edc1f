"""HefNet-R with shallow squeeze-and-excitation: a polynomial network on the latent.

Every nonlinearity is a learned quadratic, so the whole network can run on CKKS ciphertexts.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from training.latent import LATENTS

SMALLEST_SQUARE = 1e-3
REGIONS = 4  # logits per region: 4 x 4, of which each study's logit is the sum
# First convolution (kernel, stride, padding) that brings each factor's latent to 16 x 16.
FIRST = {2: (16, 8, 4), 4: (8, 4, 2), 8: (4, 2, 1), 16: (1, 1, 0)}


class Quadratic(nn.Module):
    """a x^2 + b x + c per channel (or unit)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.full((channels,), 0.25))
        self.b = nn.Parameter(torch.full((channels,), 0.5))
        self.c = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return (self.a.view(shape) * x + self.b.view(shape)) * x + self.c.view(shape)

    @torch.no_grad()
    def keep_square(self) -> None:
        """Hold |a| >= 1e-3, so that a folded scale never divides by zero."""
        small = self.a.abs() < SMALLEST_SQUARE
        self.a[small] = torch.where(self.a[small] < 0, -SMALLEST_SQUARE, SMALLEST_SQUARE)


class HefNet(nn.Module):
    """Latent -> one logit per finding. `attention` is `shallow` or `none`."""

    def __init__(self, factor: int = 8, dropout: float = 0.0,
                 attention: str = "shallow", widths: tuple[int, int, int] = (32, 128, 128),
                 findings: int = 14) -> None:
        super().__init__()
        self.factor, self.attention = factor, attention
        first, second, third = widths
        self.conv1 = nn.Conv2d(LATENTS[factor][0], first, *FIRST[factor], bias=False)
        self.norm1 = nn.BatchNorm2d(first)
        self.act1 = Quadratic(first)
        self.conv2 = nn.Conv2d(first, second, 3, 2, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(second)
        self.act2 = Quadratic(second)
        self.conv3 = nn.Conv2d(second, third, 3, 1, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(third)
        self.act3 = Quadratic(third)
        if attention == "shallow":
            self.linear1 = nn.Linear(third, 16)
            self.actGate = Quadratic(16)
            self.linear2 = nn.Linear(16, third)
            nn.init.normal_(self.linear2.weight, std=0.02)
            nn.init.ones_(self.linear2.bias)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(third, findings)
        nn.init.normal_(self.head.weight, std=0.01)

    def grid(self, latent: torch.Tensor) -> torch.Tensor:
        """What the head is applied to, [N, third, 8, 8]."""
        x = self.act1(self.norm1(self.conv1(latent)))
        x = self.act2(self.norm2(self.conv2(x)))
        u = self.norm3(self.conv3(x))
        v = self.act3(u)
        if self.attention == "none":
            return v
        gate = self.linear2(self.actGate(self.linear1(u.mean(dim=(2, 3)))))
        return v * gate[:, :, None, None]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.head(self.dropout(self.grid(latent).mean(dim=(2, 3))))

    def regions(self, latent: torch.Tensor) -> torch.Tensor:
        """[N, F, 4, 4]: each region's part of the logits, whose sum `forward` returns."""
        v = self.grid(latent)
        v = F.avg_pool2d(v, v.shape[-1] // REGIONS)
        logits = torch.einsum("nchw,fc->nfhw", v, self.head.weight) + self.head.bias.view(1, -1, 1, 1)
        return logits / REGIONS ** 2
