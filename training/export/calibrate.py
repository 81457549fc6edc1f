"""Per finding, on val: Platt calibration, two operating points, reference histograms."""

from __future__ import annotations

import numpy as np

from training.data.split import Split
from training.metrics.auroc import bootstrap

FEWEST_VAL_POSITIVES = 10
FEWEST_TRAIN_POSITIVES = 100
SPECIFICITY = 0.9
SENSITIVITY = 0.9
BINS = 24


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def platt(logits: np.ndarray, labels: np.ndarray, ridge: float = 1e-3) -> tuple[float, float]:
    """Slope and intercept of a logistic regression by Newton's method, slope pulled weakly to 1.

    A step that does not lessen the loss is halved: from a distant start the full steps run away.
    """
    design = np.stack([logits, np.ones_like(logits)], 1)
    pull = np.array([ridge * len(logits), 1e-9])

    def loss(weight: np.ndarray) -> float:
        line = design @ weight
        return float((np.logaddexp(0, line) - labels * line).sum() + (pull * (weight - [1.0, 0.0]) ** 2).sum() / 2)

    weight = np.array([1.0, -float(np.mean(logits))])
    for _ in range(60):
        p = sigmoid(design @ weight)
        gradient = design.T @ (p - labels) + pull * (weight - [1.0, 0.0])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(pull)
        step, length, here = np.linalg.solve(hessian, gradient), 1.0, loss(weight)
        while loss(weight - length * step) > here and length > 1e-6:
            length /= 2
        weight = weight - length * step
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


def operating_points(probabilities: np.ndarray, labels: np.ndarray) -> tuple[dict, dict]:
    """`high`: SPECIFICITY of the negatives stay below it. `low`: SENSITIVITY of the positives reach it; never
    above `high`. With few positives there is no `low` of its own, and what it gives is not known."""
    known = int(labels.sum()) >= FEWEST_VAL_POSITIVES
    high = float(np.quantile(probabilities[labels == 0], SPECIFICITY))
    low = min(high, float(np.quantile(probabilities[labels == 1], 1 - SENSITIVITY))) if known else high

    def point(probability: float) -> dict:
        probability = round(probability, 6)
        above = probabilities >= probability
        return {"probability": probability,
                "sensitivity": round(float(above[labels == 1].mean()), 4) if known else None,
                "specificity": round(float(1 - above[labels == 0].mean()), 4) if known else None}

    return point(low), point(high)


def reference(log_odds: np.ndarray, labels: np.ndarray) -> dict:
    """Counts of val images with and without the finding between BINS + 1 edges of log-odds."""
    low, high = np.floor(log_odds.min() * 10) / 10, np.ceil(log_odds.max() * 10) / 10
    edges = np.round(np.linspace(low, high, BINS + 1), 4)
    edges[0], edges[-1] = edges[0] - 1e-4, edges[-1] + 1e-4
    return {"edges": edges.tolist(), "positives": np.histogram(log_odds[labels == 1], edges)[0].tolist(),
            "negatives": np.histogram(log_odds[labels == 0], edges)[0].tolist()}


def better_than_chance(labels: np.ndarray, logits: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Per finding: whether the 95 % interval of the AUROC (patient bootstrap) lies above 0.5."""
    sampled = bootstrap(labels, logits, patients)
    with np.errstate(invalid="ignore"):
        low = np.array([np.percentile(column[~np.isnan(column)], 2.5) if (~np.isnan(column)).any() else 0.0
                        for column in sampled.T])
    return low > 0.5


def calibrate(train: Split, train_logits: np.ndarray, val: Split, val_logits: np.ndarray) -> list[dict]:
    """One entry per finding, in labels.csv order. `claimable`: FEWEST_TRAIN_POSITIVES in train,
    FEWEST_VAL_POSITIVES on val and better than chance there. Findings with few val positives share the median
    slope of the others."""
    counts = val.labels.sum(0)
    fits = [platt(val_logits[:, k], val.labels[:, k]) if counts[k] >= FEWEST_VAL_POSITIVES else None
            for k in range(len(val.findings))]
    pooled = float(np.median([f[0] for f in fits if f and f[0] > 0] or [1.0]))
    proven = better_than_chance(val.labels, val_logits, val.patients)
    out = []
    for k, name in enumerate(val.findings):
        fit = fits[k]
        if fit is None or fit[0] <= 0:
            prevalence = float(train.labels[:, k].mean())
            fit = pooled, intercept_for(train_logits[:, k], pooled, prevalence)
        log_odds = fit[0] * val_logits[:, k] + fit[1]
        low, high = operating_points(sigmoid(log_odds), val.labels[:, k])
        positives = int(train.labels[:, k].sum())
        out.append({"name": name, "slope": round(fit[0], 6), "intercept": round(fit[1], 6),
                    "low": low, "high": high, "reference": reference(log_odds, val.labels[:, k]),
                    "prevalence": round(float(val.labels[:, k].mean()), 6),
                    "trainPositives": positives, "valPositives": int(counts[k]),
                    "claimable": bool(positives >= FEWEST_TRAIN_POSITIVES and proven[k]
                                      and counts[k] >= FEWEST_VAL_POSITIVES)})
    return out
