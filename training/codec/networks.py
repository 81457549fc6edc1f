"""The codec's encoder and decoder at compression factors 2, 4, 8 and 16.

Both are a linear map of blocks of the film, which begins as the film's principal components, plus
convolutions that begin without a say. So the latent starts white and local, which is what a small
polynomial network reads best, and training only has to find what the linear map leaves out.

Neither normalises activations: nothing in the latent depends on the film as a whole.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from training.latent import LATENTS

FILM = 128  # side of the reduced film; the encoder's input is the film doubled
WIDTHS = {128: 24, 64: 48, 32: 96, 16: 128}  # channels at each side of the feature maps


class ResidualBlock(nn.Module):
    """x + conv(SiLU(conv(SiLU(x)))) at constant width; the second convolution begins at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Encoder(nn.Module):
    """[N, 1, 256, 256] in [-1, 1] -> latent [N, channels, side, side], clamped to +-`limit`.

    `limit` is infinite while the codec is trained; `fold` in codec/whiten.py sets it.
    """

    def __init__(self, factor: int = 8) -> None:
        super().__init__()
        self.factor = factor
        channels, side = LATENTS[factor]
        self.linear = nn.Conv2d(1, channels, factor, factor)
        layers: list[nn.Module] = [nn.Conv2d(1, WIDTHS[FILM], 4, 2, 1)]
        here = FILM
        while here > side:
            layers += [nn.SiLU(), nn.Conv2d(WIDTHS[here], WIDTHS[here // 2], 4, 2, 1)]
            here //= 2
        self.stem = nn.Sequential(*layers, ResidualBlock(WIDTHS[side]), ResidualBlock(WIDTHS[side]), nn.SiLU())
        self.last = nn.Conv2d(WIDTHS[side], channels, 3, 1, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.limit = float("inf")

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        latent = self.linear(image) + self.last(self.stem(image))
        return latent if self.limit == float("inf") else latent.clamp(-self.limit, self.limit)


class Decoder(nn.Module):
    """Latent -> image [N, 1, 256, 256]: the film at 128 px, doubled as the reduction doubles it.

    `linear` and `first` are 1x1 convolutions, so that an affine change of the latent folds into both exactly.
    """

    def __init__(self, factor: int = 8) -> None:
        super().__init__()
        self.factor = factor
        channels, side = LATENTS[factor]
        self.block = FILM // side
        self.linear = nn.Conv2d(channels, self.block ** 2, 1)
        self.first = nn.Conv2d(channels, WIDTHS[side], 1)
        layers: list[nn.Module] = [ResidualBlock(WIDTHS[side]), ResidualBlock(WIDTHS[side])]
        here = side
        while here < FILM:
            grown = nn.Conv2d(WIDTHS[here], 4 * WIDTHS[here * 2], 3, 1, 1)
            layers += [nn.SiLU(), grown, nn.PixelShuffle(2), ResidualBlock(WIDTHS[here * 2])]
            here *= 2
        self.body = nn.Sequential(*layers, nn.SiLU())
        self.last = nn.Conv2d(WIDTHS[FILM], 1, 3, 1, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def film(self, latent: torch.Tensor) -> torch.Tensor:
        """The film [N, 1, 128, 128]."""
        return F.pixel_shuffle(self.linear(latent), self.block) + self.last(self.body(self.first(latent)))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return F.interpolate(self.film(latent).float(), scale_factor=2, mode="bilinear", align_corners=False)
