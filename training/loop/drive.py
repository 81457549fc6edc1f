"""Drives one run from its checkpoint to its end, in steps, so that it may be killed at any moment.

A step's random numbers follow the run's seed and the step's number alone. So a run that was killed and
goes on from its checkpoint does the same arithmetic as one that was never stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from training.loop.checkpoint import read_checkpoint, save_atomic, write_text
from training.loop.pause import Pauses

EVERY = 100.0  # seconds between two checkpoints
SAY = 20.0  # seconds between two notes of progress


class Work(Protocol):
    """A run: something done in `steps` steps, whose whole state between two of them can be stored."""

    steps: int

    def step(self, step: int) -> str:
        """Do one step; what it returns, if anything, is said in the log."""

    def state(self) -> dict[str, Any]:
        """Everything that later steps and the figures depend on."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a stored state."""

    def figures(self) -> dict[str, Any]:
        """What the finished run found, ready for JSON."""

    def weights(self) -> dict[str, Any] | None:
        """What later runs need of the finished run, if anything."""


@dataclass
class Place:
    """Where a run keeps its checkpoint and progress, what may pause it, and who hears of it."""

    name: str
    folder: Path
    pauses: Pauses
    say: Callable[[str], None]
    every: float = EVERY

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def progress(self) -> Path:
        return self.folder / "progress.json"


def drive(work: Work, place: Place, seed: int, flags: dict[str, Any]) -> dict[str, Any]:
    """Run to the end and return the figures, with the seconds that were spent and not slept.

    A checkpoint that was written with other flags is another run's, and is not used.
    """
    step, spent = 0, 0.0
    saved = read_checkpoint(place.checkpoint)
    if saved is not None and saved["flags"] == flags:
        work.load(saved["work"])
        step, spent = saved["step"], saved["seconds"]
        place.say(f"goes on at step {step} of {work.steps}")
    start = time.monotonic() - spent
    last_save = last_word = time.monotonic()

    def save() -> None:
        save_atomic({"flags": flags, "step": step, "seconds": time.monotonic() - start, "work": work.state()},
                    place.checkpoint)

    def note() -> None:
        write_text(place.progress, json.dumps(
            {"step": step, "steps": work.steps, "seconds": round(time.monotonic() - start), "at": round(time.time())}))

    note()
    while step < work.steps:
        slept = place.pauses.wait(save)
        start, last_save = start + slept, last_save + slept
        torch.manual_seed(seed * 7_000_003 + step)
        word = work.step(step)
        step += 1
        now = time.monotonic()
        if word:
            place.say(f"step {step} of {work.steps}, {now - start:.0f} s: {word}")
        if word or now - last_word > SAY:
            last_word = now
            note()
        if now - last_save > place.every or step == work.steps:
            save()
            last_save = time.monotonic()
    return {"steps": work.steps, "seconds": round(time.monotonic() - start), **work.figures()}
