"""Soft labels that come with the films: probabilities of a published network that never saw them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from training.data.split import Split


def soft_labels(data: Path, split: Split) -> np.ndarray:
    """[N, F] from `soft-labels.csv`, whose `image` is a file's name without folder and ending; nan where it has none."""
    out = np.full(split.labels.shape, np.nan, np.float32)
    path = data / "soft-labels.csv"
    if not path.exists():
        return out
    with open(path, newline="") as handle:
        rows = {row["image"]: row for row in csv.DictReader(handle)}
    for k, file in enumerate(split.files):
        row = rows.get(Path(file).stem)
        if row is not None:
            out[k] = [float(row[name]) for name in split.findings]
    return out
