"""Fits every linear read-out of a codec with every penalty; the penalty is chosen on val, and so is the best of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from training.codec.networks import Encoder
from training.data.split import Split
from training.metrics.judge import judge, macro_common
from training.readout.features import OF_FILM, OF_LATENT, of_films, of_latents
from training.readout.logistic import Standard, fit_logistic

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
PARTS = ("val", "test")


class ReadoutWork:
    """One step per read-out and penalty, on the plain and the mirrored training films."""

    def __init__(self, splits: dict[str, Split], views: dict[str, np.ndarray], encoder: Encoder,
                 device: torch.device) -> None:
        self.splits, self.views, self.encoder, self.device = splits, views, encoder, device
        self.todo = [(name, penalty) for name in (*OF_LATENT, *OF_FILM) for penalty in PENALTIES]
        self.steps = len(self.todo)
        self.found: list[dict[str, Any]] = []
        self.now: tuple[str, dict[str, torch.Tensor]] = ("", {})
        labels = torch.from_numpy(splits["train"].labels)
        self.labels = torch.cat([labels, labels])

    def features(self, name: str) -> dict[str, torch.Tensor]:
        """Standardised features of train, plain and then mirrored, val and test; those of one name are kept."""
        if self.now[0] == name:
            return self.now[1]
        if name in OF_LATENT:
            train = torch.cat([of_latents(name, self.views["train"][view]) for view in (0, 1)])
            out = {part: of_latents(name, self.views[part]) for part in PARTS}
        else:
            def look(part: str, mirrored: bool) -> torch.Tensor:
                return of_films(name, self.splits[part].pixels, mirrored, self.encoder, self.device)

            train = torch.cat([look("train", mirrored) for mirrored in (False, True)])
            out = {part: look(part, False) for part in PARTS}
        standard = Standard(train)
        self.now = name, {part: standard(values) for part, values in {"train": train, **out}.items()}
        return self.now[1]

    def step(self, step: int) -> str:
        name, penalty = self.todo[step]
        features = self.features(name)
        model = fit_logistic(features["train"].to(self.device), self.labels.to(self.device), penalty).cpu()
        scores = {part: model(features[part]).numpy() for part in PARTS}
        val = macro_common(self.splits["val"].labels, scores["val"])
        self.found.append({"name": name, "penalty": penalty, "val": val, "scores": scores,
                           "size": features["train"].shape[1]})
        return f"{name}, penalty {penalty:g}: val {val:.4f}"

    def state(self) -> dict[str, Any]:
        return {"found": self.found}

    def load(self, state: dict[str, Any]) -> None:
        self.found = state["found"]

    def best(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The fit that is best on val among those of some features."""
        return max((fit for fit in self.found if fit["name"] in names), key=lambda fit: fit["val"])

    def weights(self) -> dict[str, Any]:
        """The scores of the best read-out of the latent, with which networks are compared."""
        best = self.best(tuple(OF_LATENT))
        return {"name": best["name"], "scores": best["scores"]}

    def figures(self) -> dict[str, Any]:
        val, test = self.splits["val"], self.splits["test"]
        rows = []
        for name in (*OF_LATENT, *OF_FILM):
            fit = self.best((name,))
            rows.append({"model": f"linear {name}", "features": fit["size"], "penalty": fit["penalty"],
                         **judge(val, test, fit["scores"])})
        return {"best": self.weights()["name"], "factor": self.encoder.factor, "readouts": rows,
                "penalties": [{"model": f"linear {fit['name']}", "penalty": fit["penalty"], "val": round(fit["val"], 4)}
                              for fit in self.found]}
