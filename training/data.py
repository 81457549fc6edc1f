"""Labels, splits and decoded pixels: the NIH subset (see the data folder's README), or CheXpert.

Rules kept here: training uses `split == "train"` alone; the labels of `px256` never reach a
classifier, because resolution leaks them. Which findings there are is data, in `labels/`.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from reduce import bilinear_weights

LABEL_SETS = Path(__file__).resolve().parent / "labels"
DEFAULT_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "nih"
DEFAULT_CACHE = Path.home() / ".cache" / "cipherfilm-training"


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


def load_split(data: Path, folder: str, split: str, cache: Path = DEFAULT_CACHE) -> Split:
    """Read one folder and split; decoded pixels are cached as .npy under `cache`."""
    with open(data / "labels.csv", newline="") as handle:
        rows = [r for r in csv.DictReader(handle)
                if r["split"] == split and r["file"].startswith(folder + "/")]
    files = [r["file"] for r in rows]
    cached = cache / f"{folder}-{split}-{len(files)}.npy"
    if cached.exists():
        pixels = np.load(cached)
    else:
        pixels = np.stack([read_grey(data / f) for f in files])
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, pixels)
    findings = label_set("nih")
    labels = np.array([[float(r[name]) for name in findings] for r in rows], dtype=np.float32)
    known = np.array([about(r["view"], r["sex"], r["age"]) for r in rows], dtype=np.float32)
    return Split(files, pixels, labels, np.array([r["patient_id"] for r in rows]), known, findings)


def double(pixels: np.ndarray) -> np.ndarray:
    """uint8 [N, S, S] -> uint8 [N, 2 S, 2 S], bilinear with half-pixel centres."""
    up = bilinear_weights(pixels.shape[1])
    return np.stack([np.rint(up @ image @ up.T) for image in pixels.astype(np.float64)]).astype(np.uint8)


def classifier_images(data: Path, cache: Path = DEFAULT_CACHE) -> Split:
    """The train images with labels: px128, and px64 enlarged to 128. The latter are soft, and
    `augment` softens some of the former in the same way, so that softness says nothing."""
    fine, soft = (load_split(data, folder, "train", cache) for folder in ("px128", "px64"))
    return Split(fine.files + soft.files, np.concatenate([fine.pixels, double(soft.pixels)]),
                 *(np.concatenate([getattr(fine, k), getattr(soft, k)]) for k in ("labels", "patients", "about")),
                 fine.findings)


def images(args: argparse.Namespace, part: str) -> Split:
    """The images at 128 px of `train`, `val` or `test`, from the source that the flags name."""
    if args.source == "chexpert":
        from chexpert import load_part
        return load_part(args.data, part, args.uncertain, args.cache)
    if part == "train":
        return classifier_images(args.data, args.cache)
    return load_split(args.data, "px128", part, args.cache)
