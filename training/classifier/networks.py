"""The networks compared by Kim et al. (MICCAI 2025), with HefNet-R, on f8 and f16 latents.

Every activation is a quadratic. Attention is one of `none`; `paper`, squeeze-and-excitation with a
cubic gate, on the activation's input (VGG5: its output; ResNet20: the residual before the sum);
`shallow`, ours: the gate is computed from the activation's input beside the activation, and
multiplies its output, so that it costs fewer levels.
The modules are traced into graphs by export_networks.py: one module call per graph node.
"""

from __future__ import annotations

import torch
from torch import nn

from training.classifier.hefnet import Quadratic
from training.latent import LATENTS as FACTORS

LATENTS = {f"f{factor}": (channels, side, side) for factor, (channels, side) in FACTORS.items() if factor >= 8}


def latent_of(factor: str) -> tuple[int, int]:
    """Channels and side of `f2` to `f16`. All networks take f8 and f16, whose graphs are exported; the paper's HefNet
    takes the others too."""
    return FACTORS[int(factor[1:])]


ATTENTIONS = ("none", "paper", "shallow")
REDUCTION = 16  # channels per hidden unit of a gate


class Cubic(nn.Module):
    """a x^3 + b x + c, the paper's polynomial for the sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor([-0.00108]))
        self.b = nn.Parameter(torch.tensor([0.12]))
        self.c = nn.Parameter(torch.tensor([0.5]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.a * x * x + self.b) * x + self.c


class GlobalAveragePool(nn.Module):
    """[N, C, H, W] -> [N, C]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3))


class ScaleChannels(nn.Module):
    """[N, C, H, W] times a gate [N, C]."""

    def forward(self, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return x * gate[:, :, None, None]


class Gate(nn.Module):
    """The factor per channel: two linear layers on pooled channels; `paper` adds a cubic."""

    def __init__(self, channels: int, kind: str, hidden: int, per_unit: bool) -> None:
        super().__init__()
        self.pool = GlobalAveragePool()
        self.linear1 = nn.Linear(channels, hidden)
        self.act = Quadratic(hidden if per_unit else 1)
        self.linear2 = nn.Linear(hidden, channels)
        self.cubic = Cubic() if kind == "paper" else None
        # What export_networks.py aims at: the cubic where it rises, |x| < 6.08; or factors near 1.
        self.linear2.gain, self.linear2.limit = (2.0, 5.9) if kind == "paper" else (0.15, 0.5)
        self.linear2.centre = 0.0 if kind == "paper" else 1.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.linear2(self.act(self.linear1(self.pool(x))))
        return z if self.cubic is None else self.cubic(z)


class Attention(nn.Module):
    """One gate, and where it multiplies."""

    def __init__(self, channels: int, kind: str, hidden: int = 0, per_unit: bool = False) -> None:
        super().__init__()
        self.kind = kind
        if kind != "none":
            self.gate = Gate(channels, kind, hidden or channels // REDUCTION, per_unit)
            self.scale = ScaleChannels()

    def paper(self, x: torch.Tensor) -> torch.Tensor:
        """Squeeze-and-excitation of x; x itself with any other kind."""
        return self.scale(x, self.gate(x)) if self.kind == "paper" else x

    def shallow(self, u: torch.Tensor, activated: torch.Tensor) -> torch.Tensor:
        """The activated u times its gate; unscaled with any other kind."""
        return self.scale(activated, self.gate(u)) if self.kind == "shallow" else activated


def halve(layer: nn.Module, kind: str) -> nn.Module:
    """The paper's gate is near 1/2: the layer before it is fitted to twice the size."""
    layer.gain = 2.0 if kind == "paper" else 1.0
    return layer


class LeNet(nn.Module):
    """Three convolutions, one set of coefficients per activation."""

    def __init__(self, factor: str, attention: str, findings: int = 14) -> None:
        super().__init__()
        # At f16 the third convolution would see a 1x1 map; so it is 1x1, as HefNet's last is.
        last = 5 if factor == "f8" else 1
        self.conv1, self.act1 = nn.Conv2d(LATENTS[factor][0], 32, 5), Quadratic(1)
        self.pool1 = nn.AvgPool2d(2)
        self.conv2, self.act2 = nn.Conv2d(32, 64, 5, groups=4), Quadratic(1)
        self.pool2 = nn.AvgPool2d(2)
        self.conv3 = halve(nn.Conv2d(64, 128, last), attention)
        self.act3 = Quadratic(1)
        self.attention = Attention(128, attention)
        self.pool = GlobalAveragePool()
        self.linear, self.act4 = nn.Linear(128, 64), Quadratic(1)
        self.head = nn.Linear(64, findings)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = self.pool1(self.act1(self.conv1(latent)))
        x = self.pool2(self.act2(self.conv2(x)))
        u = self.attention.paper(self.conv3(x))
        x = self.attention.shallow(u, self.act3(u))
        return self.head(self.act4(self.linear(self.pool(x))))


class Vgg5(nn.Module):
    """Four convolutions without normalisation; one set of coefficients for all activations."""

    def __init__(self, factor: str, attention: str, findings: int = 14) -> None:
        super().__init__()
        channels, side, _ = LATENTS[factor]
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1, groups=8, bias=False)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1, groups=8, bias=False)
        self.conv4 = nn.Conv2d(128, 256, 3, padding=1, groups=8, bias=False)
        self.act, self.pool, self.flatten = Quadratic(1), nn.AvgPool2d(2), nn.Flatten()
        self.attention = Attention(256, attention)
        self.head = nn.Linear(256 * (side // 16) ** 2, findings, bias=False)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = latent
        for conv in (self.conv1, self.conv2, self.conv3):
            x = self.pool(self.act(conv(x)))
        u = self.conv4(x)
        x = self.attention.shallow(u, self.attention.paper(self.act(u)))
        return self.head(self.flatten(self.pool(x)))


class HefNetPaper(nn.Module):
    """The paper's HefNet: normalised grouped convolutions without padding, shared coefficients."""

    def __init__(self, factor: str, attention: str, findings: int = 14) -> None:
        super().__init__()
        channels, side = latent_of(factor)
        # A 3x3 kernel would leave nothing of the 2x2 map that f16 ends in.
        last = 1 if factor == "f16" else 3
        self.conv1, self.norm1 = nn.Conv2d(channels, 64, 3), nn.BatchNorm2d(64)
        self.conv2, self.norm2 = nn.Conv2d(64, 128, 3, groups=8), nn.BatchNorm2d(128)
        self.conv3, self.norm3 = nn.Conv2d(128, 256, 3, groups=8), nn.BatchNorm2d(256)
        self.conv4 = nn.Conv2d(256, 256, last, groups=8)
        self.norm4 = halve(nn.BatchNorm2d(256), attention)
        self.act, self.pool, self.flatten = Quadratic(1), nn.AvgPool2d(2), nn.Flatten()
        self.attention = Attention(256, attention)
        left = (((side - 4) // 2 - 2) // 2 - (last - 1)) // 2
        self.head = nn.Linear(256 * left * left, findings)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = self.act(self.norm1(self.conv1(latent)))
        x = self.pool(self.act(self.norm2(self.conv2(x))))
        x = self.pool(self.act(self.norm3(self.conv3(x))))
        u = self.attention.paper(self.norm4(self.conv4(x)))
        x = self.attention.shallow(u, self.act(u))
        return self.head(self.flatten(self.pool(x)))


class Block(nn.Module):
    """Two normalised convolutions beside a shortcut, one activation between them, none after."""

    def __init__(self, inputs: int, outputs: int, stride: int, attention: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1, self.act = nn.BatchNorm2d(outputs), Quadratic(1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.attention = Attention(outputs, attention)
        self.project = None
        if stride != 1 or inputs != outputs:
            self.project = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.projectNorm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        u = self.norm1(self.conv1(x))
        y = self.norm2(self.conv2(self.attention.shallow(u, self.act(u))))
        y = self.attention.paper(y)
        return y + (x if self.project is None else self.projectNorm(self.project(x)))


class ResNet20(nn.Module):
    """Nine blocks in three stages; ten activations with coefficients of their own."""

    def __init__(self, factor: str, attention: str, findings: int = 14) -> None:
        super().__init__()
        self.conv = nn.Conv2d(LATENTS[factor][0], 16, 3, padding=1, bias=False)
        self.norm, self.act = nn.BatchNorm2d(16), Quadratic(1)
        plan = ([(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
                + [(32, 64, 2)] + [(64, 64, 1)] * 2)
        self.block = nn.Sequential(*(Block(*sizes, attention) for sizes in plan))
        self.pool, self.head = GlobalAveragePool(), nn.Linear(64, findings)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return self.head(self.pool(self.block(self.act(self.norm(self.conv(latent))))))


class HefNetR(nn.Module):
    """HefNet-R with a GAP head: hefnet.py's network for both factors and every attention."""

    def __init__(self, factor: str, attention: str, findings: int = 14) -> None:
        super().__init__()
        # Both reach 32 x 16 x 16. An f16 position already sees 16 x 16 pixels, so its channels are only mixed.
        self.conv1 = (nn.Conv2d(4, 32, 4, 2, 1, bias=False) if factor == "f8"
                      else nn.Conv2d(8, 32, 1, bias=False))
        self.norm1, self.act1 = nn.BatchNorm2d(32), Quadratic(32)
        self.conv2 = nn.Conv2d(32, 128, 3, 2, 1, bias=False)
        self.norm2, self.act2 = nn.BatchNorm2d(128), Quadratic(128)
        self.conv3 = nn.Conv2d(128, 128, 3, 1, 1, bias=False)
        self.norm3, self.act3 = halve(nn.BatchNorm2d(128), attention), Quadratic(128)
        shallow = attention == "shallow"  # 16 hidden units with coefficients each, as in hefnet.py
        self.attention = Attention(128, attention, hidden=16 if shallow else 0, per_unit=shallow)
        self.pool, self.head = GlobalAveragePool(), nn.Linear(128, findings)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = self.act1(self.norm1(self.conv1(latent)))
        x = self.act2(self.norm2(self.conv2(x)))
        u = self.attention.paper(self.norm3(self.conv3(x)))
        x = self.attention.shallow(u, self.act3(u))
        return self.head(self.pool(x))


NETWORKS = {"hefnet-r": HefNetR, "lenet": LeNet, "vgg5": Vgg5, "hefnet": HefNetPaper,
            "resnet20": ResNet20}
