"""Platt calibration on val and thresholds at a fixed specificity, per finding."""

from __future__ import annotations

import numpy as np

from data import FINDINGS
from metrics import bootstrap

FEWEST_VAL_POSITIVES = 10
FEWEST_TRAIN_POSITIVES = 100
SPECIFICITY = 0.9


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def platt(logits: np.ndarray, labels: np.ndarray, ridge: float = 1e-3) -> tuple[float, float]:
    """Slope and intercept of a logistic regression by Newton's method, slope pulled weakly to 1."""
    design = np.stack([logits, np.ones_like(logits)], 1)
    weight = np.array([1.0, 0.0])
    pull = np.array([ridge * len(logits), 1e-9])
    for _ in range(60):
        p = sigmoid(design @ weight)
        gradient = design.T @ (p - labels) + pull * (weight - [1.0, 0.0])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(pull)
        weight = weight - np.linalg.solve(hessian, gradient)
    return float(weight[0]), float(weight[1])


def intercept_for(logits: np.ndarray, slope: float, prevalence: float) -> float:
    """The intercept at which the mean probability equals the prevalence (bisection)."""
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        if sigmoid(slope * logits + middle).mean() < prevalence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def operating_point(probabilities: np.ndarray, labels: np.ndarray, specificity: float = SPECIFICITY) -> float:
    """Threshold that this share of the negatives stays below (positive when p >= t). Youden's point would sit
    so low for rare findings that a normal film exceeds most thresholds."""
    return float(np.quantile(probabilities[labels == 0], specificity))


def better_than_chance(labels: np.ndarray, logits: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Per finding: whether the 95 % interval of the AUROC (patient bootstrap) lies above 0.5."""
    sampled = bootstrap(labels, logits, patients)
    with np.errstate(invalid="ignore"):
        low = np.array([np.percentile(column[~np.isnan(column)], 2.5) if (~np.isnan(column)).any() else 0.0
                        for column in sampled.T])
    return low > 0.5


def calibrate(train_logits: np.ndarray, train_labels: np.ndarray, val_logits: np.ndarray,
              val_labels: np.ndarray, val_patients: np.ndarray) -> list[dict]:
    """One entry per finding, in labels.csv order. `claimable`: FEWEST_TRAIN_POSITIVES in train and better than
    chance on val. Findings with few val positives share the median
    slope of the others; thresholds are at SPECIFICITY among the val negatives."""
    counts = val_labels.sum(0)
    fits = [platt(val_logits[:, k], val_labels[:, k]) if counts[k] >= FEWEST_VAL_POSITIVES else None
            for k in range(len(FINDINGS))]
    pooled = float(np.median([f[0] for f in fits if f and f[0] > 0] or [1.0]))
    proven = better_than_chance(val_labels, val_logits, val_patients)
    out = []
    for k, name in enumerate(FINDINGS):
        fit = fits[k]
        if fit is None or fit[0] <= 0:
            prevalence = float(train_labels[:, k].mean())
            fit = pooled, intercept_for(train_logits[:, k], pooled, prevalence)
        threshold = operating_point(sigmoid(fit[0] * val_logits[:, k] + fit[1]), val_labels[:, k])
        positives = int(train_labels[:, k].sum())
        out.append({"name": name, "slope": round(fit[0], 6), "intercept": round(fit[1], 6),
                    "threshold": round(threshold, 6), "trainPositives": positives,
                    "valPositives": int(counts[k]), "claimable": bool(positives >= FEWEST_TRAIN_POSITIVES and proven[k])})
    return out
