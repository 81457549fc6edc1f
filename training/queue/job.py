"""One run of the list, and where what it leaves is found."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.loop.pause import Pauses

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Job:
    """A run: its kind (kinds.py), the flags of that kind that differ from the defaults, and the runs it needs.

    `hours` is what it costs on the two cores of a workstation. A job that `keeps` has its weights, under
    8 MB, stored beside its figures, so that later runs need not train it again.
    """

    name: str
    kind: str
    hours: float
    flags: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    seed: int = 1
    keeps: bool = False

    def identity(self) -> dict[str, Any]:
        """What makes two runs the same run."""
        return {"kind": self.kind, "seed": self.seed, "needs": list(self.needs), "flags": self.flags}


def read_jobs(path: Path) -> list[Job]:
    """The runs of a JSON file."""
    return [Job(**{**job, "needs": tuple(job.get("needs", ()))}) for job in json.loads(path.read_text())]


class Shelf:
    """Finds what the runs leave: in the cache, and beside the code what is small.

    `device` is None where nothing is computed: figures and progress can be read without PyTorch.
    """

    def __init__(self, args: argparse.Namespace, device: torch.device | None = None) -> None:
        self.args, self.device = args, device
        self.cache: Path = args.cache
        self.results: Path = args.results
        self.pauses = Pauses(self.cache)

    def folder(self, name: str) -> Path:
        """Where a run keeps its checkpoint, progress and weights."""
        return self.cache / "runs" / name

    def result(self, job: Job) -> dict[str, Any] | None:
        """The figures of a finished run; None where there are none, or those of a run with other flags."""
        path = self.results / f"{job.name}.json"
        if not path.exists():
            return None
        found = json.loads(path.read_text())
        same = json.loads(json.dumps(job.identity()))
        return found if {k: found.get(k) for k in same} == same else None

    def weights_path(self, name: str) -> Path | None:
        """The file with what later runs need of a run, or None where it is missing."""
        for path in (self.folder(name) / "weights.pt", self.results / f"{name}.pt"):
            if path.exists():
                return path
        return None

    def weights(self, name: str) -> dict[str, Any]:
        """What a finished run left for later ones."""
        from training.loop.checkpoint import read_checkpoint

        path = self.weights_path(name)
        saved = None if path is None else read_checkpoint(path)
        if saved is None:
            raise FileNotFoundError(f"{name} has left no weights")
        return saved

    def progress(self, name: str) -> dict[str, Any] | None:
        """The last note of a run that has begun."""
        path = self.folder(name) / "progress.json"
        return json.loads(path.read_text()) if path.exists() else None

    def failure(self, name: str) -> Path:
        """The file that says why a run ended without figures."""
        return self.folder(name) / "failed.txt"


def due(jobs: list[Job], shelf: Shelf) -> list[Job]:
    """The runs still to be done, in order: those without figures, and those whose weights they need and that are gone."""
    by_name = {job.name: job for job in jobs}
    wanted: set[str] = set()

    def want(job: Job) -> None:
        if job.name in wanted:
            return
        wanted.add(job.name)
        for need in job.needs:
            if shelf.result(by_name[need]) is None or shelf.weights_path(need) is None:
                want(by_name[need])

    for job in jobs:
        if shelf.result(job) is None:
            want(job)
    return [job for job in jobs if job.name in wanted]
