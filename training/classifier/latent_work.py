"""Trains one classifier on the encoded views; the epoch that is best on val is kept.

Loss: cross-entropy with the labels, mixed with soft labels where there are some; view, sex and age as an
aside that is dropped afterwards; and a penalty on whatever enters a polynomial beyond a limit, on the
views and on altered films, so that the bounds of encrypted evaluation hold on films of any kind.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.hefnet import HefNet
from training.classifier.networks import NETWORKS
from training.classifier.ranges import RangeWatch, keep_squares, relu_twin
from training.data.split import Split
from training.latent import LATENTS
from training.loop.checkpoint import Ema
from training.loop.loss import known_bce
from training.loop.order import pick
from training.loop.schedule import cosine, set_rate
from training.metrics.judge import judge, macro_common
from training.teacher.network import ABOUT, about_loss

OURS = "ours"


@dataclass(frozen=True)
class ClassifierFlags:
    """What a classifier's run is. `network` is `ours`, hefnet.py's, whose shape the next fields give, or one of
    networks.py's. Films of patients of `fold`, of `folds`, are left out of training where `folds` is not 0."""

    network: str = OURS
    widths: tuple[int, ...] = (32, 64, 128, 128, 128)
    strides: tuple[int, ...] = (1, 2, 1, 1)
    sums: bool = False
    attention: str = "none"
    relu: bool = False
    epochs: int = 60
    batch: int = 128
    rate: float = 2e-3
    warmup: int = 200
    decay: float = 0.05
    dropout: float = 0.2
    noise: float = 0.1
    gain: float = 0.1
    mixup: float = 0.2
    soft: float = 0.5  # share of the soft label in the target, where there is one
    about: float = 0.1
    range_limit: float = 6.0
    altered: int = 16  # altered films of a step
    average: float = 0.998
    fold: int = 0
    folds: int = 0


def left_out(patients: np.ndarray, fold: int, folds: int) -> np.ndarray:
    """Which films belong to patients of a fold; the same patients on every machine."""
    if folds == 0:
        return np.zeros(len(patients), bool)
    return np.array([zlib.crc32(patient.encode()) % folds == fold for patient in patients])


def make_classifier(flags: ClassifierFlags, factor: int, findings: int, training: bool = False) -> nn.Module:
    """The network of a run, with dropout where it is to be trained."""
    if flags.network == OURS:
        model: nn.Module = HefNet(factor, flags.dropout if training else 0.0, flags.attention, tuple(flags.widths),
                                  findings, tuple(flags.strides), flags.sums, square=0.1)
    else:
        model = NETWORKS[flags.network](f"f{factor}", flags.attention, findings)
    return relu_twin(model) if flags.relu else model


@torch.no_grad()
def predict(model: nn.Module, latents: np.ndarray, device: torch.device) -> np.ndarray:
    """Logits [N, F] of latents [N, C, H, W]."""
    model.eval()
    batches = (torch.tensor(latents[i:i + 128], dtype=torch.float32, device=device)
               for i in range(0, len(latents), 128))
    return np.concatenate([model(batch).cpu().numpy() for batch in batches])


class LatentWork:
    """One classifier's training on `views`, the files of codec/views.py.

    `soft` [N, F] has probabilities, nan where there are none; `linear` are the scores of the best linear read-out
    of the same latent, with which the figures compare.
    """

    def __init__(self, flags: ClassifierFlags, seed: int, splits: dict[str, Split], views: dict[str, np.ndarray],
                 factor: int, device: torch.device, soft: np.ndarray | None = None,
                 linear: dict[str, np.ndarray] | None = None) -> None:
        torch.manual_seed(seed)
        self.flags, self.seed, self.device, self.factor = flags, seed, device, factor
        self.splits, self.views, self.linear = splits, views, linear
        train = splits["train"]
        apart = left_out(train.patients, flags.fold, flags.folds)
        self.apart, self.rows = np.flatnonzero(apart), np.flatnonzero(~apart)
        targets = train.labels.copy()
        if soft is not None:
            known = ~np.isnan(soft) & ~np.isnan(targets)
            targets[known] = ((1 - flags.soft) * targets + flags.soft * soft)[known]
        self.targets, self.about = (torch.from_numpy(a.astype(np.float32)) for a in (targets, train.about))
        self.per_epoch = max(1, len(self.rows) // flags.batch)
        self.steps = flags.epochs * self.per_epoch
        self.model = make_classifier(flags, factor, len(train.findings), training=True).to(device)
        self.model = self.model.to(memory_format=torch.channels_last)
        self.averaged = make_classifier(flags, factor, len(train.findings)).to(device)
        self.aside = nn.Linear(flags.widths[-1], ABOUT).to(device) if flags.network == OURS else None
        self.watch = RangeWatch(self.model, flags.range_limit)
        parameters = [*self.model.parameters(), *(self.aside.parameters() if self.aside else ())]
        self.optimiser = torch.optim.AdamW([
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": flags.decay},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0}])
        self.ema = Ema(self.model, flags.average)
        self.best, self.best_score, self.history = self.ema.state, -1.0, []

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Latents, each of a random view, moved by up to a cell, scaled and with noise; targets; view, sex, age."""
        rng = np.random.default_rng([self.seed, step, 1])
        rows = np.sort(self.rows[pick(len(self.rows), self.flags.batch, self.seed, step)])
        latents = self.views["train"][rng.integers(0, len(self.views["train"]), len(rows)), rows]
        x = torch.from_numpy(latents.astype(np.float32)).to(self.device)
        side, (down, right) = x.shape[-1], (int(v) for v in rng.integers(0, 3, 2))
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, down:down + side, right:right + side]
        gain = 1 + self.flags.gain * (2 * torch.rand(len(x), 1, 1, 1, device=self.device) - 1)
        x = gain * x + self.flags.noise * torch.randn_like(x)
        y, about = self.targets[rows].to(self.device), self.about[rows].to(self.device)
        if self.flags.mixup > 0:
            share, other = float(rng.beta(self.flags.mixup, self.flags.mixup)), torch.randperm(len(x))
            x, y, about = (share * v + (1 - share) * v[other] for v in (x, y, about))
        return x.contiguous(memory_format=torch.channels_last), y, about

    def altered_excess(self, step: int) -> torch.Tensor:
        """How far altered films leave the ranges, on a logarithmic scale, since some do by far."""
        rng = np.random.default_rng([self.seed, step, 2])
        altered = self.views["altered"]
        rows = np.sort(rng.choice(len(altered), min(len(altered), self.flags.altered), replace=False))
        self.model.eval()
        self.model(torch.from_numpy(altered[rows].astype(np.float32)).to(self.device))
        self.model.train()
        return torch.log1p(self.watch.take())

    def loss(self, step: int) -> torch.Tensor:
        x, y, about = self.batch(step)
        if self.aside is not None:
            seen = self.model.dropout(self.model.pooled(x))
            loss = known_bce(self.model.head(seen), y) + self.flags.about * about_loss(self.aside(seen), about)
        else:
            loss = known_bce(self.model(x), y)
        if self.flags.relu:
            return loss
        return loss + 0.01 * self.watch.take() + 0.05 * self.altered_excess(step)

    def step(self, step: int) -> str:
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
        score = macro_common(self.splits["val"].labels,
                             np.nan_to_num(predict(self.averaged, self.views["val"], self.device)))
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
        out = {"flags": asdict(self.flags), "factor": self.factor, "findings": list(self.splits["val"].findings),
               "model": {k: v.cpu() for k, v in model.state_dict().items()},
               "scores": {part: predict(model, self.views[part], self.device) for part in ("val", "test")}}
        if len(self.apart):
            out["apart"] = {"rows": self.apart, "logits": predict(model, self.views["train"][0][self.apart], self.device)}
        return out

    def ranges(self) -> dict[str, Any]:
        """The largest |input| of each polynomial on val, test and the altered films."""
        model, out = self.chosen(), {}
        watch = RangeWatch(model)
        for part in ("val", "test", "altered"):
            watch.highest.clear()
            predict(model, self.views[part], self.device)
            out[part] = {name: round(value, 3) for name, value in watch.highest.items()}
        watch.stop()
        return out

    def figures(self) -> dict[str, Any]:
        model = self.chosen()
        scores = {part: predict(model, self.views[part], self.device) for part in ("val", "test")}
        return {"model": self.flags.network, "activation": "relu" if self.flags.relu else "quadratic",
                "factor": self.factor, "latentShape": list(LATENTS[self.factor]), "films": len(self.rows),
                "parameters": sum(p.numel() for p in model.parameters()), "flagsInFull": asdict(self.flags),
                "bestEpoch": int(np.argmax(self.history)) + 1, "history": self.history, "ranges": self.ranges(),
                **judge(self.splits["val"], self.splits["test"], scores, self.linear)}


def load_latent_classifier(saved: dict[str, Any], device: torch.device) -> nn.Module:
    """The network that `LatentWork.weights` stored, frozen."""
    model = make_classifier(ClassifierFlags(**saved["flags"]), saved["factor"], len(saved["findings"]))
    model.load_state_dict(saved["model"])
    return model.to(device).eval().requires_grad_(False)
