"""Calibration and thresholds for each view, and what they give: a score that only reads the view is no finding.

Lines and thresholds are fitted on the val films of a view. A finding is claimed for a view only where the
interval of its AUROC among the films of that view, of val and test together, lies above one half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.data.split import Split
from training.export.calibrate import FEWEST_TRAIN_POSITIVES, FEWEST_VAL_POSITIVES, better_than_chance, calibrate, sigmoid
from training.metrics.judge import joined

VIEWS = {"PA": 0.0, "AP": 1.0}
NORMAL = 1.96  # half-width of the middle 95 % of a normal distribution, in deviations


def of_view(split: Split, view: str) -> np.ndarray:
    """Which films have the view."""
    return split.about[:, 0] == VIEWS[view]


def part(split: Split, kept: np.ndarray) -> Split:
    """Some films of a split, without their pixels."""
    return Split([file for file, keep in zip(split.files, kept, strict=True) if keep], np.zeros((0,)),
                 split.labels[kept], split.patients[kept], split.about[kept], split.findings)


def wilson(hits: int, count: int) -> dict[str, Any]:
    """A share and its 95 % interval (Wilson 1927); nothing where nothing was counted."""
    if count == 0:
        return {"share": None, "interval95": None, "of": 0}
    share, z = hits / count, NORMAL**2 / count
    middle, half = share + z / 2, NORMAL * np.sqrt(share * (1 - share) / count + z / (4 * count))
    return {"share": round(share, 4), "interval95": [round(float((middle + s * half) / (1 + z)), 4) for s in (-1, 1)],
            "of": count}


def operating(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> dict[str, Any]:
    """What a threshold gives on labels [N]: sensitivity, specificity and the predictive values."""
    above, positive = probabilities >= threshold, labels == 1
    negative = labels == 0

    def count(of: np.ndarray, which: np.ndarray) -> dict[str, Any]:
        return wilson(int((which & of).sum()), int(of.sum()))

    known = positive | negative
    return {"sensitivity": count(positive, above), "specificity": count(negative, ~above),
            "positivePredictive": count(above & known, positive), "negativePredictive": count(~above & known, negative)}


def calibrate_view(view: str, splits: dict[str, Split], logits: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """One entry per finding, as calibrate.py's, from the films of one view."""
    films = {name: part(split, of_view(split, view)) for name, split in splits.items()}
    scores = {name: logits[name][of_view(split, view)] for name, split in splits.items()}
    entries = calibrate(films["train"], scores["train"], films["val"], scores["val"])
    proven = better_than_chance(joined([films["val"], films["test"]]).labels, np.concatenate([scores["val"], scores["test"]]),
                                np.concatenate([films["val"].patients, films["test"].patients]))
    for entry, above in zip(entries, proven, strict=True):
        enough = entry["trainPositives"] >= FEWEST_TRAIN_POSITIVES and entry["valPositives"] >= FEWEST_VAL_POSITIVES
        entry["claimable"] = bool(enough and above)
    return entries


def table(entries: list[dict[str, Any]], view: str, splits: dict[str, Split],
          logits: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """What the thresholds of a view give on its val and test films."""
    rows = []
    for k, entry in enumerate(entries):
        row: dict[str, Any] = {"finding": entry["name"], "view": view, "claimable": entry["claimable"]}
        for name in ("val", "test"):
            kept = of_view(splits[name], view)
            probabilities = sigmoid(entry["slope"] * logits[name][kept, k] + entry["intercept"])
            row[name] = {point: operating(splits[name].labels[kept, k], probabilities, entry[point]["probability"])
                         for point in ("low", "high")}
        rows.append(row)
    return rows


def by_view(splits: dict[str, Split], logits: dict[str, np.ndarray]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The calibration of each view that train, val and test all have, and the table of operating points."""
    entries, rows = {}, []
    for view in VIEWS:
        if all(of_view(split, view).any() for split in splits.values()):
            entries[view] = calibrate_view(view, splits, logits)
            rows += table(entries[view], view, splits, logits)
    return entries, rows


def stored_scores(splits: dict[str, Split], logits: dict[str, np.ndarray]) -> dict[str, list[dict[str, Any]]]:
    """Logits, labels and view of every val and test film, from which all of the above can be computed again."""
    return {name: [{"file": file, "patient": str(patient), "view": "AP" if about[0] else "PA",
                    "found": [k for k, value in enumerate(labels) if value == 1],
                    "logits": [round(float(value), 4) for value in row]}
                   for file, patient, about, labels, row in
                   zip(split.files, split.patients, split.about, split.labels, logits[name], strict=True)]
            for name, split in splits.items() if name != "train"}
