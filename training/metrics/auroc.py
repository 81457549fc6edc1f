"""AUROC per finding, with patient-level bootstrap intervals."""

from __future__ import annotations

import numpy as np

from training.data.split import Split


def ranks(scores: np.ndarray) -> np.ndarray:
    """1-based average ranks (ties share their mean)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[inverse]


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve over the known labels; nan when one class is absent."""
    known = ~np.isnan(labels)
    labels, scores = labels[known], scores[known]
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    total = ranks(scores)[labels > 0.5].sum()
    return float((total - positives * (positives + 1) / 2.0) / (positives * negatives))


def per_finding(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """AUROC of each column of [N, F]."""
    return np.array([auroc(labels[:, k], scores[:, k]) for k in range(labels.shape[1])])


def macro(labels: np.ndarray, scores: np.ndarray) -> float:
    """Mean AUROC over the findings that have both classes."""
    return float(np.nanmean(per_finding(labels, scores)))


def bootstrap(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray,
              draws: int = 1000, seed: int = 1) -> np.ndarray:
    """AUROC [draws, F] when whole patients are drawn with replacement."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(patients, return_inverse=True)
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    out = np.empty((draws, labels.shape[1]))
    for d in range(draws):
        pick = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        out[d] = per_finding(labels[pick], scores[pick])
    return out


def report(split: Split, scores: np.ndarray, draws: int = 1000) -> dict:
    """Macro and per-finding AUROC with 95 % percentile intervals, ready for JSON."""
    labels, patients = split.labels, split.patients
    point = per_finding(labels, scores)
    present = ~np.isnan(point)
    sampled = bootstrap(labels, scores, patients, draws)

    def interval(values: np.ndarray) -> list[float] | None:
        kept = values[~np.isnan(values)]
        return [round(float(v), 4) for v in np.percentile(kept, [2.5, 97.5])] if len(kept) else None

    findings = {
        name: {"positives": int(np.nansum(labels[:, k])),
               "auroc": round(float(point[k]), 4) if present[k] else None,
               "interval95": interval(sampled[:, k])}
        for k, name in enumerate(split.findings)
    }
    return {"images": len(labels), "patients": len(set(patients.tolist())),
            "macroAuroc": round(float(point[present].mean()), 4),
            "macroInterval95": interval(np.nanmean(sampled[:, present], axis=1)),
            "macroOver": int(present.sum()), "bootstrapDraws": draws, "findings": findings}
