"""What the linear read-outs are given of a film."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from training.codec.networks import Encoder
from training.loop.images import to_batch, upsample2


def pooled(latents: torch.Tensor, side: int) -> torch.Tensor:
    """Means over side x side parts, [N, C * side^2]."""
    return F.adaptive_avg_pool2d(latents, min(side, latents.shape[-1])).flatten(1)


def second_order(latents: torch.Tensor) -> torch.Tensor:
    """Means over 8 x 8 parts of the channels and of all products of two of them."""
    channels = latents.shape[1]
    first, second = torch.triu_indices(channels, channels)
    return pooled(torch.cat([latents, latents[:, first] * latents[:, second]], 1), 8)


OF_LATENT: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "latent 16x16": lambda z: pooled(z, 16), "latent 8x8": lambda z: pooled(z, 8),
    "latent second-order 8x8": second_order,
}
OF_FILM = ("pixels 32x32", "encoder's inner maps 4x4")


def in_parts(make: Callable[[np.ndarray], torch.Tensor], values: np.ndarray, size: int = 256) -> torch.Tensor:
    """`make` of parts of a long array, joined."""
    return torch.cat([make(values[i:i + size]) for i in range(0, len(values), size)])


@torch.no_grad()
def of_latents(name: str, latents: np.ndarray) -> torch.Tensor:
    """Features of 16-bit latents [N, C, H, W]."""
    return in_parts(lambda part: OF_LATENT[name](torch.from_numpy(part.astype(np.float32))), latents)


@torch.no_grad()
def of_films(name: str, films: np.ndarray, mirrored: bool, encoder: Encoder, device: torch.device) -> torch.Tensor:
    """Features of uint8 films [N, 128, 128]."""
    def make(part: np.ndarray) -> torch.Tensor:
        x = to_batch(part, device)
        x = x.flip(-1) if mirrored else x
        if name == "pixels 32x32":
            return F.avg_pool2d(x, 4).flatten(1).cpu()
        return F.adaptive_avg_pool2d(encoder.stem(upsample2(x)), 4).flatten(1).cpu()

    return in_parts(make, films, 32)
