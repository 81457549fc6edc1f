"""Trains one classifier, on latents or on pixels; the epoch that is best on val is kept.

Loss: cross-entropy with the labels, mixed with soft labels where there are some; view, sex and age as an
aside that is dropped afterwards; and a penalty on whatever enters a polynomial beyond a limit, on the
training films and on altered ones, so that the bounds of encrypted evaluation hold on films of any kind.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.flags import ClassifierFlags, make_classifier
from training.classifier.inputs import Inputs, predict
from training.classifier.ranges import RangeWatch, keep_squares
from training.data.split import Split
from training.loop.checkpoint import Ema
from training.loop.loss import known_bce
from training.loop.order import pick
from training.loop.schedule import cosine, set_rate
from training.metrics.judge import judge, macro_common

ABOUT = 3  # view, sex, age


def left_out(patients: np.ndarray, fold: int, folds: int) -> np.ndarray:
    """Which films belong to patients of a fold; the same patients on every machine."""
    if folds == 0:
        return np.zeros(len(patients), bool)
    return np.array([zlib.crc32(patient.encode()) % folds == fold for patient in patients])


def mixed_targets(labels: np.ndarray, soft: np.ndarray | None, share: float) -> np.ndarray:
    """Labels [N, F], of which a share is replaced by the soft label where both are known."""
    targets = labels.astype(np.float32)
    if soft is not None:
        known = ~np.isnan(soft) & ~np.isnan(targets)
        targets[known] = ((1 - share) * targets + share * soft)[known]
    return targets


def about_loss(outputs: torch.Tensor, about: torch.Tensor) -> torch.Tensor:
    """View and sex as classes, age in centuries as a number; [N, ABOUT] each."""
    classes = F.binary_cross_entropy_with_logits(outputs[:, :2], about[:, :2])
    return classes + 10 * F.mse_loss(outputs[:, 2], about[:, 2])


class ClassifierWork:
    """One classifier's training.

    `soft` [N, F] has probabilities of the training films, nan where there are none; `linear` are the scores of the
    best linear read-out of the same latent, with which the figures compare.
    """

    def __init__(self, flags: ClassifierFlags, seed: int, splits: dict[str, Split], inputs: Inputs,
                 device: torch.device, soft: np.ndarray | None = None,
                 linear: dict[str, np.ndarray] | None = None) -> None:
        torch.manual_seed(seed)
        self.flags, self.seed, self.device = flags, seed, device
        self.splits, self.inputs, self.linear = splits, inputs, linear
        train = splits["train"]
        apart = left_out(train.patients, flags.fold, flags.folds)
        self.apart, self.rows = np.flatnonzero(apart), np.flatnonzero(~apart)
        self.targets = torch.from_numpy(mixed_targets(train.labels, soft, flags.soft))
        self.about = torch.from_numpy(train.about.astype(np.float32))
        self.per_epoch = max(1, len(self.rows) // flags.batch)
        self.steps = flags.epochs * self.per_epoch
        self.model, self.averaged = (
            make_classifier(flags, inputs.factor, len(train.findings), training).to(device).to(memory_format=torch.channels_last)
            for training in (True, False))
        # Networks that show what their head sees learn view, sex and age beside the findings.
        self.aside = nn.Linear(self.model.head.in_features, ABOUT).to(device) if hasattr(self.model, "pooled") else None
        self.watch = RangeWatch(self.model, flags.range_limit)
        parameters = [*self.model.parameters(), *(self.aside.parameters() if self.aside else ())]
        self.optimiser = torch.optim.AdamW([
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": flags.decay},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0}])
        self.ema = Ema(self.model, flags.average)
        self.best, self.best_score, self.history = self.ema.state, -1.0, []

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Inputs, targets, and view, sex and age; pairs of films are blended with `mixup`."""
        rng = np.random.default_rng([self.seed, step, 1])
        rows = np.sort(self.rows[pick(len(self.rows), self.flags.batch, self.seed, step)])
        x = self.inputs.batch(rows, rng)
        y, about = self.targets[rows].to(self.device), self.about[rows].to(self.device)
        if self.flags.mixup > 0:
            share, other = float(rng.beta(self.flags.mixup, self.flags.mixup)), torch.randperm(len(x))
            x, y, about = (share * v + (1 - share) * v[other] for v in (x, y, about))
        return x, y, about

    def altered_excess(self, step: int) -> torch.Tensor:
        """How far altered films leave the ranges, on a logarithmic scale, since some do by far."""
        count = len(self.inputs.part("altered"))
        rng = np.random.default_rng([self.seed, step, 2])
        rows = np.sort(rng.choice(count, min(count, self.flags.altered), replace=False))
        self.model.eval()
        self.model(self.inputs.tensor(self.inputs.part("altered", rows)))
        self.model.train()
        return torch.log1p(self.watch.take())

    def loss(self, step: int) -> torch.Tensor:
        x, y, about = self.batch(step)
        if self.aside is None:
            loss = known_bce(self.model(x), y)
        else:
            seen = self.model.dropout(self.model.pooled(x))
            loss = known_bce(self.model.head(seen), y) + self.flags.about * about_loss(self.aside(seen), about)
        if not self.flags.has_polynomials:
            return loss
        return loss + 0.01 * self.watch.take() + 0.05 * self.altered_excess(step)

    def step(self, step: int) -> str:
        """One batch; at the end of an epoch, the averaged weights on val."""
        self.model.train()
        set_rate(self.optimiser, cosine(step, self.steps, self.flags.warmup, self.flags.rate))
        loss = self.loss(step)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        keep_squares(self.model)
        self.ema.update(self.model, step + 1)
        if (step + 1) % self.per_epoch:
            return ""
        return f"epoch {(step + 1) // self.per_epoch} loss {loss.item():.4f} val {self.choose():.4f}"

    def choose(self) -> float:
        """Measure the averaged weights on val, and keep them if no earlier ones were better."""
        self.averaged.load_state_dict(self.ema.state)
        score = macro_common(self.splits["val"].labels, np.nan_to_num(predict(self.averaged, self.inputs, "val")))
        self.history.append(round(score, 4))
        if score > self.best_score:
            self.best, self.best_score = {k: v.clone() for k, v in self.ema.state.items()}, score
        return score

    def state(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "aside": self.aside.state_dict() if self.aside else None,
                "ema": self.ema.state, "optimiser": self.optimiser.state_dict(), "best": self.best,
                "bestScore": self.best_score, "history": self.history}

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        if self.aside is not None:
            self.aside.load_state_dict(state["aside"])
        self.ema.load(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.best_score, self.history = state["best"], state["bestScore"], state["history"]

    def chosen(self) -> nn.Module:
        """The network with the weights of the best epoch."""
        self.averaged.load_state_dict(self.best)
        return self.averaged.eval()

    def weights(self) -> dict[str, Any]:
        """The network, its scores on val and test, and those of the training films that were left out."""
        model = self.chosen()
        out = {"flags": asdict(self.flags), "factor": self.inputs.factor, "findings": list(self.splits["val"].findings),
               "model": {k: v.cpu() for k, v in model.state_dict().items()},
               "scores": {part: predict(model, self.inputs, part) for part in ("val", "test")}}
        if len(self.apart):
            out["apart"] = {"rows": self.apart, "logits": predict(model, self.inputs, "train", self.apart)}
        return out

    def ranges(self) -> dict[str, Any]:
        """The largest |input| of each polynomial on val, test and the altered films."""
        model, out = self.chosen(), {}
        watch = RangeWatch(model)
        for part in ("val", "test", "altered"):
            watch.highest.clear()
            predict(model, self.inputs, part)
            out[part] = {name: round(value, 3) for name, value in watch.highest.items()}
        watch.stop()
        return out

    def figures(self) -> dict[str, Any]:
        model = self.chosen()
        scores = {part: predict(model, self.inputs, part) for part in ("val", "test")}
        polynomial = self.flags.has_polynomials
        return {"model": self.flags.network, "activation": "quadratic" if polynomial else "relu",
                "attention": self.flags.attention, "factor": self.inputs.factor, "films": len(self.rows),
                "parameters": sum(p.numel() for p in model.parameters()), "flagsInFull": asdict(self.flags),
                "bestEpoch": int(np.argmax(self.history)) + 1, "history": self.history,
                "ranges": self.ranges() if polynomial else None,
                **judge(self.splits["val"], self.splits["test"], scores, self.linear)}


def load_classifier(saved: dict[str, Any], device: torch.device) -> nn.Module:
    """The network that `ClassifierWork.weights` stored, frozen."""
    model = make_classifier(ClassifierFlags(**saved["flags"]), saved["factor"], len(saved["findings"]))
    model.load_state_dict(saved["model"])
    return model.to(device).eval().requires_grad_(False)
