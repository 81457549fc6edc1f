"""Fits the film check and its limits.

It is taught on nine tenths of the training patients. The limits come from the plain films of the other tenth, and what they
refuse is measured on val and on those films made into something else.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from training.data.split import Split
from training.gate.film_kinds import INVERTED, KINDS, OTHER, PART, cut, draw, other, turned
from training.gate.film_network import FilmNetwork, judge
from training.loop.images import to_batch

AVERAGE = 0.995  # of the weights that are kept, a step's share is the rest


@dataclass(frozen=True)
class FilmFlags:
    """`passed` and `unmirrored` are the shares of the plain films aside that the two limits let through; `certain` the
    probability from which on the way a film lies is taken for known."""

    batches: int = 2600
    batch: int = 96
    rate: float = 2e-3
    width: int = 20
    passed: float = 0.9965
    unmirrored: float = 0.9985
    certain: float = 0.98


def aside(patients: np.ndarray) -> np.ndarray:
    """Which films are kept apart: those of a tenth of the patients, by a digest of their number."""
    return np.array([zlib.crc32(str(patient).encode()) % 10 == 0 for patient in patients])


def whole(seen: torch.Tensor) -> torch.Tensor:
    """Probabilities [N] of a whole chest that is not turned, mirrored or not."""
    return seen[:, 0] + seen[:, 4]


class FilmWork:
    """Teaches the network in steps of 20 batches; a last step measures."""

    each = 20

    def __init__(self, flags: FilmFlags, seed: int, train: Split, val: Split, device: torch.device) -> None:
        self.flags, self.seed, self.device = flags, seed, device
        apart = aside(train.patients)
        detailed = np.array([not file.startswith("px64/") for file in train.files])
        self.fit, self.apart, self.val = train.pixels[~apart], train.pixels[apart & detailed], val.pixels
        self.network = FilmNetwork(flags.width).to(device)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=flags.rate, weight_decay=0.02)
        self.steps = -(-flags.batches // self.each) + 1
        self.found: dict[str, Any] = {}

    def step(self, step: int) -> str:
        if step == self.steps - 1:
            self.found = self.measure()
            return ""
        self.network.train()
        total = 0.0
        for number in range(step * self.each, (step + 1) * self.each):
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
            films = to_batch(self.fit[torch.randint(0, len(self.fit), (self.flags.batch,), generator=generator).numpy()],
                             torch.device("cpu"))
            x, kinds = draw(films, generator)
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate(number)
            loss = F.cross_entropy(self.network.logits(F.interpolate(
                x.to(self.device), scale_factor=2, mode="bilinear", align_corners=False)), kinds.to(self.device))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += float(loss.detach())
            for name, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    self.average[name].lerp_(value, 1 - min(AVERAGE, number / (number + 10)))
                else:
                    self.average[name].copy_(value)
        return f"loss {total / self.each:.3f}" if step % 10 == 0 else ""

    def rate(self, number: int) -> float:
        """A linear beginning, then half a cosine."""
        return self.flags.rate * min(1.0, (number + 1) / 100) * (0.5 + 0.5 * float(np.cos(np.pi * number / self.flags.batches)))

    def state(self) -> dict[str, Any]:
        return {"network": self.network.state_dict(), "average": self.average, "found": self.found,
                "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average, self.found = state["average"], state["found"]
        self.optimiser.load_state_dict(state["optimiser"])

    def averaged(self) -> FilmNetwork:
        network = FilmNetwork(self.flags.width)
        network.load_state_dict({k: v.cpu() for k, v in self.average.items()})
        return network.eval()

    def weights(self) -> dict[str, Any]:
        return {"width": self.flags.width, "network": self.averaged().state_dict(), "limits": self.found["limits"]}

    def figures(self) -> dict[str, Any]:
        return self.found

    def measure(self) -> dict[str, Any]:
        """The limits, and what they do to val and to altered films."""
        network, flags = self.averaged(), self.flags
        plain = judge(network, to_batch(self.apart, torch.device("cpu")))
        val = judge(network, to_batch(self.val, torch.device("cpu")))
        limits = {"wholeLimit": float(np.quantile(whole(plain), 1 - flags.passed)),
                  "mirroredLimit": float(np.quantile(plain[:, 4], flags.unmirrored)), "certain": flags.certain}
        limits = {name: float(f"{value:.4g}") for name, value in limits.items()}

        def refused(p: torch.Tensor) -> float:
            bad = (whole(p) < limits["wholeLimit"]) | (p[:, 4] > limits["mirroredLimit"])
            return round(float(bad.float().mean()), 4)

        generator = torch.Generator().manual_seed(self.seed)
        films = to_batch(self.apart[:512], torch.device("cpu"))
        changed = {KINDS[way]: turned(films, way) for way in range(1, 8)}
        changed[KINDS[INVERTED]] = -films
        changed[KINDS[PART]] = torch.stack([cut(film, generator) for film in films])
        changed[KINDS[OTHER]] = other(films.clone(), generator)
        seen = {name: judge(network, x) for name, x in changed.items()}
        return {"limits": limits, "fitted": len(self.fit), "apart": len(self.apart), "valImages": len(self.val),
                "valRefused": refused(val), "apartRefused": refused(plain),
                "refused": {name: refused(p) for name, p in seen.items()},
                "named": {name: round(float((p.argmax(1) == KINDS.index(name)).float().mean()), 4) for name, p in seen.items()}}
