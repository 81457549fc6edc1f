"""HefNet-R, of any depth: a polynomial network on the latent.

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

    def __init__(self, channels: int, square: float = 0.25) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.full((channels,), square))
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
    """Latent -> one logit per finding: convolutions, each normalised and then squared, the mean over all positions
    and a linear head. `attention` is `shallow` or `none`.

    The first convolution brings every factor's latent to 16 x 16; the others are 3 x 3 with the given strides,
    and one that is 2 brings the map to 8 x 8. With `sums`, a layer whose input and output have one shape adds its
    input to its output, which costs no level.
    """

    def __init__(self, factor: int = 8, dropout: float = 0.0, attention: str = "shallow",
                 widths: tuple[int, ...] = (32, 128, 128), findings: int = 14,
                 strides: tuple[int, ...] = (2, 1), sums: bool = False, square: float = 0.25) -> None:
        super().__init__()
        if len(strides) != len(widths) - 1 or sorted(strides)[-1] != 2 or sum(strides) != len(strides) + 1:
            raise ValueError(f"one stride for each layer after the first, one of them 2: {strides}")
        self.factor, self.attention, self.depth, self.sums = factor, attention, len(widths), sums
        inputs = LATENTS[factor][0]
        for k, (outputs, stride) in enumerate(zip(widths, (0, *strides), strict=True), 1):
            shape = FIRST[factor] if k == 1 else (3, stride, 1)
            setattr(self, f"conv{k}", nn.Conv2d(inputs, outputs, *shape, bias=False))
            setattr(self, f"norm{k}", nn.BatchNorm2d(outputs))
            setattr(self, f"act{k}", Quadratic(outputs, square))
            inputs = outputs
        if attention == "shallow":
            self.linear1 = nn.Linear(inputs, 16)
            self.actGate = Quadratic(16, square)
            self.linear2 = nn.Linear(16, inputs)
            nn.init.normal_(self.linear2.weight, std=0.02)
            nn.init.ones_(self.linear2.bias)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(inputs, findings)
        nn.init.normal_(self.head.weight, std=0.01)

    def layer(self, k: int) -> tuple[nn.Conv2d, nn.BatchNorm2d, nn.Module]:
        """Convolution, norm and activation of layer k, counted from 1."""
        return getattr(self, f"conv{k}"), getattr(self, f"norm{k}"), getattr(self, f"act{k}")

    def adds(self, k: int) -> bool:
        """Whether layer k adds its input to its output."""
        conv = self.layer(k)[0]
        return self.sums and k > 1 and conv.stride[0] == 1 and conv.in_channels == conv.out_channels

    def grid(self, latent: torch.Tensor) -> torch.Tensor:
        """What the head is applied to, [N, last width, 8, 8]."""
        x = latent
        for k in range(1, self.depth + 1):
            conv, norm, act = self.layer(k)
            u = norm(conv(x))
            v = act(u)
            x = x + v if self.adds(k) else v
        if self.attention == "none":
            return x
        gate = self.linear2(self.actGate(self.linear1(u.mean(dim=(2, 3)))))
        return x * gate[:, :, None, None]

    def pooled(self, latent: torch.Tensor) -> torch.Tensor:
        """What the head sees, [N, last width]."""
        return self.grid(latent).mean(dim=(2, 3))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.head(self.dropout(self.pooled(latent)))

    def regions(self, latent: torch.Tensor) -> torch.Tensor:
        """[N, F, 4, 4]: each region's part of the logits, whose sum `forward` returns."""
        v = self.grid(latent)
        v = F.avg_pool2d(v, v.shape[-1] // REGIONS)
        logits = torch.einsum("nchw,fc->nfhw", v, self.head.weight) + self.head.bias.view(1, -1, 1, 1)
        return logits / REGIONS ** 2
