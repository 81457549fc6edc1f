"""Fit the input gate: how large a latent may be and how far from those of the training images, and how badly the
codec may draw an image, before the application refuses it (main/engine/input-gate.ts computes the same).

Writes `<cache>/gate.json` for the bundle and `<cache>/gate-results.json`: the share of val let through, and of val
images that were made into something else (turned, inverted, cut, noise, patterns) refused. Limits come from train;
the number of directions was chosen by what is refused of the changed images; no image of another kind was seen.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch import nn

from training.codec.vqgan import load_vqgan
from training.data.nih import without_px64
from training.data.sources import images
from training.gate.distribution import CELLS, distance, fit, pool, size
from training.loop.alter import CHANGES
from training.loop.flags import data_parser, setup
from training.loop.images import to_batch, upsample2
from training.metrics.likeness import psnr

DIRECTIONS = 64
NEAR, PASSED = 0.995, 0.9995  # share of train under the limit of distance, and under those of size and likeness
MARGIN = 1.05  # of the limits over those quantiles; 1 dB for the codec's


@torch.no_grad()
def look(encoder: nn.Module, decoder: nn.Module, images: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, sizes and PSNR in dB of [N, 1, 128, 128]."""
    features, sizes, quality = [], [], []
    for part in images.split(32):
        x = upsample2(part).contiguous(memory_format=torch.channels_last)
        latent = encoder(x)
        features.append(pool(latent))
        sizes.append(size(latent).cpu().numpy())
        quality.append(psnr(x, decoder(latent)).cpu().numpy())
    return np.concatenate(features), np.concatenate(sizes), np.concatenate(quality)


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--latents", default="final")
    parser.add_argument("--directions", type=int, default=DIRECTIONS)
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    encoder, decoder, _ = load_vqgan(args.cache / f"vqgan-{args.latents}-normalised.pt", device)
    train, val = without_px64(images(args, "train")), images(args, "val")
    features, sizes, quality = look(encoder, decoder, to_batch(train.pixels, device))
    model = fit(features, args.directions)
    limits = {"distanceLimit": round(MARGIN * float(np.quantile(distance(features, model), NEAR)), 4),
              "sizeLimit": round(MARGIN * float(np.quantile(sizes, PASSED)), 4),
              "psnrLimit": round(float(np.quantile(quality, 1 - PASSED)) - 1, 2)}

    def passed(images: torch.Tensor) -> float:
        found, large, likeness = look(encoder, decoder, images)
        near = (distance(found, model) <= limits["distanceLimit"]) & (large <= limits["sizeLimit"])
        return float((near & (likeness >= limits["psnrLimit"])).mean())

    pixels = to_batch(val.pixels, device)
    generator = torch.Generator().manual_seed(args.seed)
    results = {"directions": args.directions, **limits, "valImages": len(val), "valPassed": round(passed(pixels), 4),
               "refused": {name: round(1 - passed(change(pixels[::3], generator).to(device)), 4)
                           for name, change in CHANGES.items()}}
    print(json.dumps(results, indent=1))
    (args.cache / "gate-results.json").write_text(json.dumps(results, indent=1) + "\n")
    rounded = {k: np.round(v, 6).tolist() if isinstance(v, np.ndarray) else v for k, v in model.items()}
    (args.cache / "gate.json").write_text(json.dumps(
        {"format": "cipherfilm-gate/1", "cells": CELLS, **rounded, **limits}) + "\n")


if __name__ == "__main__":
    main()
