"""What a client could rebuild: linear clones, fitted to the answers that the service gave to so many films.

A client has its own films' latents and the logits that it decrypts. The clone never sees a label.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from training.data.split import Split
from training.metrics.judge import judge
from training.readout.features import OF_LATENT, of_latents
from training.readout.logistic import Standard

ANSWERS = (500, 5000)
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
HELD_BACK = 0.2  # share of the answers on which the penalty is chosen


def fit_ridge(features: torch.Tensor, answers: torch.Tensor, penalty: float) -> torch.Tensor:
    """The linear map [D + 1, F], its last row the offset, of least squared error plus penalty times its square, per film."""
    mean = answers.mean(0)
    gram = features.T @ features / len(features) + penalty * torch.eye(features.shape[1], dtype=features.dtype)
    weight = torch.linalg.solve(gram, features.T @ (answers - mean) / len(features))
    return torch.cat([weight, mean[None]])


def apply(weight: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    return features @ weight[:-1] + weight[-1]


class ClonesWork:
    """One step per number of answers and kind of features. `answers` are the network's logits of the plain training
    films, [N, F], and `own` its scores on val and test."""

    def __init__(self, seed: int, splits: dict[str, Split], views: dict[str, np.ndarray], answers: np.ndarray,
                 own: dict[str, np.ndarray]) -> None:
        self.splits, self.views, self.answers, self.own = splits, views, answers, own
        self.order = np.random.default_rng(seed).permutation(len(answers))
        self.todo = [(count, name) for count in ANSWERS for name in OF_LATENT]
        self.steps = len(self.todo)
        self.found: list[dict[str, Any]] = []

    def step(self, step: int) -> str:
        count, name = self.todo[step]
        rows = self.order[:count]
        raw = of_latents(name, self.views["train"][0][np.sort(rows)]).double()
        answers = torch.from_numpy(self.answers[np.sort(rows)]).double()
        standard = Standard(raw)
        features = standard(raw)
        chosen = torch.from_numpy(np.random.default_rng(step).random(len(rows)) < HELD_BACK)

        def error(penalty: float) -> float:
            weight = fit_ridge(features[~chosen], answers[~chosen], penalty)
            return float((apply(weight, features[chosen]) - answers[chosen]).square().mean())

        penalty = min(PENALTIES, key=error)
        weight = fit_ridge(features, answers, penalty)
        scores = {part: apply(weight, standard(of_latents(name, self.views[part]).double())).numpy()
                  for part in ("val", "test")}
        self.found.append({"answers": len(rows), "name": name, "penalty": penalty, "error": error(penalty), "scores": scores})
        return f"{name} from {len(rows)} answers"

    def state(self) -> dict[str, Any]:
        return {"found": self.found}

    def load(self, state: dict[str, Any]) -> None:
        self.found = state["found"]

    def weights(self) -> None:
        return None

    def figures(self) -> dict[str, Any]:
        """Each clone's AUROC against the true labels, and how closely it follows the network on val."""
        rows = []
        for clone in self.found:
            follows = [float(np.corrcoef(clone["scores"]["val"][:, k], self.own["val"][:, k])[0, 1])
                       for k in range(self.answers.shape[1])]
            rows.append({"model": f"clone from {clone['answers']} answers, linear {clone['name']}",
                         "answers": clone["answers"], "penalty": clone["penalty"],
                         "correlation": round(float(np.mean(follows)), 4),
                         **judge(self.splits["val"], self.splits["test"], clone["scores"])})
        return {"clones": rows}
