"""What is said of a model's scores: AUROC on val, on test and on both, with intervals and differences.

Macro figures are means over the findings with at least COMMON positives in the split; the rarer ones
are listed and not averaged. Intervals are percentiles of a bootstrap over patients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.data.split import Split
from training.metrics.auroc import per_finding

COMMON = 20
DRAWS = 1000


def common(labels: np.ndarray) -> np.ndarray:
    """Which findings have enough positives, and any negatives, to be averaged."""
    positives = np.nansum(labels, 0)
    return (positives >= COMMON) & (positives < (~np.isnan(labels)).sum(0))


def macro_common(labels: np.ndarray, scores: np.ndarray) -> float:
    """Mean AUROC over the common findings; over all that have one where none is common."""
    found, kept = per_finding(labels, scores), common(labels)
    return float(np.nanmean(found[kept] if kept.any() else found))


def joined(parts: list[Split]) -> Split:
    """Several splits as one."""
    arrays = (np.concatenate([getattr(part, k) for part in parts]) for k in ("labels", "patients", "about"))
    return Split([file for part in parts for file in part.files], np.zeros((0,)), *arrays, parts[0].findings)


def draws(patients: np.ndarray, count: int = DRAWS, seed: int = 1) -> list[np.ndarray]:
    """Indices of films, `count` times, when whole patients are drawn with replacement."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(patients, return_inverse=True)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    return [np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))]) for _ in range(count)]


def interval(values: np.ndarray) -> list[float] | None:
    """The middle 95 %, without draws that have no value."""
    kept = values[~np.isnan(values)]
    return [round(float(v), 4) for v in np.percentile(kept, [2.5, 97.5])] if len(kept) else None


def rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def nanmean(values: np.ndarray) -> np.ndarray:
    """Means over the last axis without nan; nan where nothing is left."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(-1) / np.where(known.any(-1), known.sum(-1), np.nan)


def within_view(split: Split, scores: np.ndarray, picks: list[np.ndarray]) -> dict[str, Any]:
    """Macro-AUROC among the films of one view: a score that reads the view tells nothing there."""
    out: dict[str, Any] = {}
    for name, value in (("PA", 0.0), ("AP", 1.0)):
        here = split.about[:, 0] == value
        kept = common(split.labels[here]) if here.any() else np.zeros(len(split.findings), bool)
        if not kept.any():
            continue
        found = per_finding(split.labels[here][:, kept], scores[here][:, kept])
        drawn = np.array([per_finding(split.labels[p][:, kept], scores[p][:, kept])
                          for p in (pick[here[pick]] for pick in picks[:DRAWS // 4])])
        out[name] = {"images": int(here.sum()), "macroOver": int(kept.sum()), "macroAuroc": rounded(nanmean(found)),
                     "macroInterval95": interval(nanmean(drawn))}
    return out


def describe(split: Split, scores: np.ndarray, baseline: np.ndarray | None) -> dict[str, Any]:
    """One split: macro and each finding, and the difference to the baseline's scores on the same draws."""
    kept, picks = common(split.labels), draws(split.patients)
    if not kept.any():
        kept = np.ones(len(kept), bool)
    point = per_finding(split.labels, scores)
    drawn = np.array([per_finding(split.labels[pick], scores[pick]) for pick in picks])
    out: dict[str, Any] = {
        "images": len(split), "patients": len(set(split.patients.tolist())), "macroOver": int(kept.sum()),
        "macroAuroc": rounded(nanmean(point[kept])), "macroInterval95": interval(nanmean(drawn[:, kept])),
        "withinView": within_view(split, scores, picks),
        "findings": {name: {"positives": int(np.nansum(split.labels[:, k])), "averaged": bool(kept[k]),
                            "auroc": rounded(point[k]), "interval95": interval(drawn[:, k])}
                     for k, name in enumerate(split.findings)}}
    if baseline is not None:
        other = np.array([per_finding(split.labels[pick][:, kept], baseline[pick][:, kept]) for pick in picks])
        ahead = nanmean(point[kept]) - nanmean(per_finding(split.labels[:, kept], baseline[:, kept]))
        out["aheadOfLinear"] = {"macroAuroc": rounded(ahead),
                                "interval95": interval(nanmean(drawn[:, kept]) - nanmean(other))}
    return out


def judge(val: Split, test: Split, scores: dict[str, np.ndarray],
          baseline: dict[str, np.ndarray] | None = None) -> dict[str, Any]:
    """Val, test, and both together; `scores` and `baseline` have `val` and `test` [N, F], nan where undefined."""
    def both(which: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        filled = {part: np.nan_to_num(which[part]) for part in ("val", "test")}
        return {**filled, "val+test": np.concatenate([filled["val"], filled["test"]])}

    splits = {"val": val, "test": test, "val+test": joined([val, test])}
    scored, others = both(scores), None if baseline is None else both(baseline)
    return {name: describe(split, scored[name], None if others is None else others[name])
            for name, split in splits.items()}


