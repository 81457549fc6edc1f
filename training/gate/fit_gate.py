"""Fits the input gate: how large a latent may be and how far from those of the training films, and how badly the
codec may draw a film, before the application refuses it (main/engine/input-gate.ts computes the same).

Limits come from the training films. What they refuse is measured on val films as they are, and on val films
that were made into something else (loop/alter.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from training.codec.networks import Decoder, Encoder
from training.gate.distribution import CELLS, distance, fit, pool, size
from training.loop.alter import CHANGES
from training.loop.images import to_batch, upsample2
from training.metrics.likeness import psnr

CHUNK = 128  # films of a step
EVERY = 3  # of the val films, one in so many is altered


@dataclass(frozen=True)
class GateFlags:
    """`directions` of the Gaussian; shares of the training films under the limit of distance, and under those of size
    and likeness; and the factor of the first two limits over those quantiles, beside 1 dB for the likeness."""

    directions: int = 64
    near: float = 0.995
    passed: float = 0.9995
    margin: float = 1.05


class GateWork:
    """Looks at the training films in steps, then at val and at every kind of alteration. Films are uint8 [N, 128, 128]."""

    def __init__(self, flags: GateFlags, seed: int, train: np.ndarray, val: np.ndarray, encoder: Encoder,
                 decoder: Decoder, device: torch.device) -> None:
        self.flags, self.seed, self.train, self.val = flags, seed, train, val
        self.encoder, self.decoder, self.device = encoder, decoder, device
        self.todo: list[tuple[str, int]] = [("train", k) for k in range(0, len(train), CHUNK)]
        self.todo += [("val", k) for k in range(0, len(val), CHUNK)] + [(name, 0) for name in CHANGES]
        self.steps = len(self.todo)
        self.seen: dict[str, list[tuple[np.ndarray, ...]]] = {}

    @torch.no_grad()
    def look(self, films: torch.Tensor) -> tuple[np.ndarray, ...]:
        """Features, sizes and PSNR in dB of [N, 1, 128, 128]."""
        rows: list[tuple[np.ndarray, ...]] = []
        for part in films.split(32):
            x = upsample2(part).contiguous(memory_format=torch.channels_last)
            latent = self.encoder(x)
            rows.append((pool(latent), size(latent).cpu().numpy(), psnr(x, self.decoder(latent)).cpu().numpy()))
        return tuple(np.concatenate(column) for column in zip(*rows, strict=True))

    def step(self, step: int) -> str:
        name, start = self.todo[step]
        if name in ("train", "val"):
            films = to_batch((self.train if name == "train" else self.val)[start:start + CHUNK], self.device)
        else:
            generator = torch.Generator().manual_seed(self.seed * 1_009 + list(CHANGES).index(name))
            films = CHANGES[name](to_batch(self.val[::EVERY], self.device), generator)
        self.seen.setdefault(name, []).append(self.look(films))
        return ""

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def load(self, state: dict[str, Any]) -> None:
        self.seen = state["seen"]

    def columns(self, name: str) -> list[np.ndarray]:
        return [np.concatenate(column) for column in zip(*self.seen[name], strict=True)]

    def gate(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The Gaussian and the limits."""
        features, sizes, quality = self.columns("train")
        model = fit(features, self.flags.directions)
        near = float(np.quantile(distance(features, model), self.flags.near))
        return model, {
            "distanceLimit": round(self.flags.margin * near, 4),
            "sizeLimit": round(self.flags.margin * float(np.quantile(sizes, self.flags.passed)), 4),
            "psnrLimit": round(float(np.quantile(quality, 1 - self.flags.passed)) - 1, 2)}

    def weights(self) -> dict[str, Any]:
        """The bundle's `gate.json`."""
        model, limits = self.gate()
        rounded = {k: np.round(v, 6).tolist() if isinstance(v, np.ndarray) else v for k, v in model.items()}
        return {"gate": {"format": "cipherfilm-gate/1", "cells": CELLS, **rounded, **limits}}

    def figures(self) -> dict[str, Any]:
        """The share of val that passes, and the share of each kind of alteration that is refused."""
        model, limits = self.gate()

        def passes(name: str) -> float:
            features, sizes, quality = self.columns(name)
            near = (distance(features, model) <= limits["distanceLimit"]) & (sizes <= limits["sizeLimit"])
            return float((near & (quality >= limits["psnrLimit"])).mean())

        return {"directions": self.flags.directions, **limits, "trainFilms": len(self.train),
                "valImages": len(self.val), "valPassed": round(passes("val"), 4),
                "refused": {name: round(1 - passes(name), 4) for name in CHANGES}}
