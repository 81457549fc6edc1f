"""What every source of images gives: the pixels and labels of one split, and the names of its findings.

Which findings there are is data, in `labels/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

LABEL_SETS = Path(__file__).resolve().parent.parent / "labels"


@dataclass(frozen=True)
class Split:
    """One folder's images of one split, in the order of labels.csv."""

    files: list[str]
    pixels: np.ndarray  # uint8 [N, S, S]
    labels: np.ndarray  # float32 [N, F], 1 = the finding is named in the report, nan = nobody knows
    patients: np.ndarray  # str [N]
    about: np.ndarray  # float32 [N, 3]: 1 = AP view, 1 = male, age / 100
    findings: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)


def label_set(name: str) -> tuple[str, ...]:
    """The findings of a label set, in the order of the logits."""
    return tuple(json.loads((LABEL_SETS / f"{name}.json").read_text())["findings"])


def about(view: str, sex: str, age: str) -> list[float]:
    """One row of `Split.about`."""
    return [view == "AP", sex.startswith("M"), min(float(age), 100.0) / 100.0]


def read_grey(path: Path) -> np.ndarray:
    """Decode an image file to uint8 [H, W]."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))
