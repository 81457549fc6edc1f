"""The f = 8 VQGAN: 1 x 256 x 256 image <-> 4 x 32 x 32 latent, after Esser et al. 2021 and
Kim et al. 2025 (arXiv 2506.15258). The product sends the un-quantised encoder output; the
codebook regularises it during training.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from data import FINDINGS

LATENT_CHANNELS = 4
LATENT_LIMIT = 8.0  # the exported encoder clamps the normalised latent to +- this (about 1 in 10^4)


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(8, channels)


class ResidualBlock(nn.Module):
    """x + conv(SiLU(norm(conv(SiLU(norm(x)))))) at constant width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1),
            norm(channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class Encoder(nn.Sequential):
    """[N, 1, 256, 256] in [-1, 1] -> latent [N, 4, 32, 32]; the last conv has a bias."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 4, 2, 1), nn.SiLU(),
            nn.Conv2d(16, 32, 4, 2, 1), norm(32), nn.SiLU(),
            nn.Conv2d(32, 64, 4, 2, 1), ResidualBlock(64), ResidualBlock(64),
            norm(64), nn.SiLU(), nn.Conv2d(64, LATENT_CHANNELS, 3, 1, 1))


def grow(inputs: int, outputs: int) -> nn.Sequential:
    """Double the side: 3x3 convolution and sub-pixel rearrangement."""
    return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, 1, 1), nn.PixelShuffle(2))


class Decoder(nn.Sequential):
    """Latent [N, 4, 32, 32] -> image [N, 1, 256, 256]; the first conv is 1x1, so that an affine
    change of the latent folds into it exactly (no padding involved)."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(LATENT_CHANNELS, 64, 1), ResidualBlock(64), norm(64), nn.SiLU(),
            grow(64, 32), ResidualBlock(32), norm(32), nn.SiLU(),
            grow(32, 16), norm(16), nn.SiLU(), grow(16, 1))


class Quantiser(nn.Module):
    """Nearest-code quantiser; the codebook follows an exponential average of its latents."""

    def __init__(self, codes: int = 1024, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("codebook", torch.zeros(codes, LATENT_CHANNELS))
        self.register_buffer("count", torch.ones(codes))
        self.register_buffer("total", torch.zeros(codes, LATENT_CHANNELS))
        self.register_buffer("ready", torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def initialise(self, latent: torch.Tensor) -> None:
        """Take random latent vectors as the first codes."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, LATENT_CHANNELS)
        self.codebook.copy_(flat[torch.randperm(len(flat))[:len(self.codebook)]])
        self.total.copy_(self.codebook)
        self.ready.fill_(True)

    @torch.no_grad()
    def nearest(self, latent: torch.Tensor) -> torch.Tensor:
        """Code index per position, [N * h * w]."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, LATENT_CHANNELS)
        distance = (self.codebook ** 2).sum(1) - 2 * flat @ self.codebook.t()
        return distance.argmin(1)

    def lookup(self, index: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        n, c, h, w = like.shape
        return self.codebook[index].view(n, h, w, c).permute(0, 3, 1, 2)

    @torch.no_grad()
    def follow(self, latent: torch.Tensor, index: torch.Tensor) -> None:
        """Move each used code towards its latents; restart codes that nothing uses."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, LATENT_CHANNELS)
        used = torch.bincount(index, minlength=len(self.count)).float()
        sums = torch.zeros_like(self.total).index_add_(0, index, flat)
        self.count.lerp_(used, 1 - self.decay)
        self.total.lerp_(sums, 1 - self.decay)
        dead = self.count < 0.03
        if dead.any():
            fresh = flat[torch.randint(0, len(flat), (int(dead.sum()),))]
            self.total[dead], self.count[dead] = fresh, 1.0
        self.codebook.copy_(self.total / self.count.unsqueeze(1))

    def forward(self, latent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Straight-through quantised latent, commitment loss, code indices."""
        index = self.nearest(latent)
        codes = self.lookup(index, latent)
        if self.training:
            self.follow(latent.detach(), index)
        return latent + (codes - latent).detach(), F.mse_loss(latent, codes.detach()), index


class Discriminator(nn.Sequential):
    """Patch discriminator: [N, 1, 256, 256] -> realness [N, 1, 30, 30]."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(16, 32, 4, 2, 1), norm(32), nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1), norm(64), nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3))


class LatentProbe(nn.Sequential):
    """Auxiliary head used only during training: latent -> 14 logits. Its loss, at a small
    weight, asks the encoder to keep what the teacher sees within reach of a shallow network."""

    def __init__(self) -> None:
        super().__init__(
            nn.BatchNorm2d(LATENT_CHANNELS), nn.Conv2d(LATENT_CHANNELS, 32, 4, 2, 1),
            nn.BatchNorm2d(32), nn.SiLU(), nn.Conv2d(32, 96, 3, 2, 1), nn.BatchNorm2d(96), nn.SiLU(),
            nn.Conv2d(96, 96, 3, 1, 1), nn.BatchNorm2d(96), nn.SiLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, len(FINDINGS)))
