"""Soft labels of the training films, each from networks that never saw the film or its patient."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.data.split import Split
from training.metrics.auroc import per_finding
from training.metrics.judge import judge


def probabilities(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


class TargetsWork:
    """Averages what the networks of all folds say of the films that were left out of their training.

    `teachers` are what ClassifierWork.weights stored. Those of all folds together say something of every film.
    """

    steps = 1

    def __init__(self, splits: dict[str, Split], teachers: list[dict[str, Any]]) -> None:
        self.splits, self.teachers = splits, teachers

    def step(self, step: int) -> str:
        return ""

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """There is nothing to go on from."""

    def soft(self) -> np.ndarray:
        """[N, F], nan where no network left a film out."""
        total = np.zeros(self.splits["train"].labels.shape, np.float64)
        count = np.zeros((len(total), 1))
        for teacher in self.teachers:
            rows = teacher["apart"]["rows"]
            total[rows] += probabilities(teacher["apart"]["logits"])
            count[rows] += 1
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

    def ensemble(self) -> dict[str, np.ndarray]:
        """The mean of all networks' probabilities on val and test."""
        return {part: np.mean([probabilities(teacher["scores"][part]) for teacher in self.teachers], 0)
                for part in ("val", "test")}

    def weights(self) -> dict[str, Any]:
        return {"soft": self.soft(), "scores": self.ensemble()}

    def figures(self) -> dict[str, Any]:
        """How well the soft labels tell the training films apart, and the networks together those of val and test."""
        train, soft = self.splits["train"], self.soft()
        known = ~np.isnan(soft).any(1)
        return {"networks": len(self.teachers), "films": int(known.sum()),
                "train": {name: round(float(value), 4) for name, value in
                          zip(train.findings, per_finding(train.labels[known], soft[known]), strict=True)},
                **judge(self.splits["val"], self.splits["test"], self.ensemble())}
