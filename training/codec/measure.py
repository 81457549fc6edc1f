"""How alike films and their reconstructions are."""

from __future__ import annotations

import numpy as np
import torch

from training.codec.networks import Decoder, Encoder
from training.codec.quantiser import Quantiser
from training.loop.images import to_batch, upsample2
from training.metrics.likeness import ms_ssim, psnr, ssim

METRICS = {"psnr": psnr, "ssim": ssim, "msSsim": ms_ssim}


@torch.no_grad()
def likeness(encoder: Encoder, decoder: Decoder, pixels: np.ndarray, device: torch.device,
             quantiser: Quantiser | None = None) -> dict[str, float]:
    """Means over uint8 films [N, 128, 128] of PSNR in dB, SSIM and MS-SSIM at 256 px, and the lowest PSNR.

    With a quantiser the nearest codes are decoded instead of the latents.
    """
    rows: list[torch.Tensor] = []
    for i in range(0, len(pixels), 32):
        x = upsample2(to_batch(pixels[i:i + 32], device)).contiguous(memory_format=torch.channels_last)
        latent = encoder(x)
        if quantiser is not None:
            latent = quantiser.lookup(quantiser.nearest(latent), latent)
        y = decoder(latent)
        rows.append(torch.stack([metric(x, y) for metric in METRICS.values()], 1).cpu())
    table = torch.cat(rows)
    return {**dict(zip(METRICS, (round(v, 4) for v in table.mean(0).tolist()), strict=True)),
            "psnrLowest": round(float(table[:, 0].min()), 2)}


@torch.no_grad()
def codes_used(encoder: Encoder, quantiser: Quantiser, pixels: np.ndarray, device: torch.device) -> int:
    """How many codes are the nearest of any position of the films."""
    used: set[int] = set()
    for i in range(0, len(pixels), 32):
        latent = encoder(upsample2(to_batch(pixels[i:i + 32], device)))
        used.update(quantiser.nearest(latent).unique().tolist())
    return len(used)
