"""The NIH subset's layout: `labels.csv` beside the image folders `px64`, `px128` and `px256` that it names.

Rules kept here: training uses `split == "train"` alone; the labels of `px256` never reach a classifier, because
resolution leaks them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from training.data.reduce import bilinear_weights
from training.data.split import Split, about, label_set, read_grey
from training.place import DEFAULT_CACHE


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
    """The train images with labels: px128, px128b where it is there, and px64 enlarged to 128. The last are soft,
    and `augment` softens some of the others in the same way, so that softness says nothing."""
    folders = [folder for folder in ("px128", "px128b", "px64") if (data / folder).is_dir()]
    parts = [load_split(data, folder, "train", cache) for folder in folders]
    pixels = [double(part.pixels) if part.pixels.shape[1] == 64 else part.pixels for part in parts]
    return Split([file for part in parts for file in part.files], np.concatenate(pixels),
                 *(np.concatenate([getattr(part, k) for part in parts]) for k in ("labels", "patients", "about")),
                 parts[0].findings)


def without_px64(split: Split) -> Split:
    """The images that have their own detail."""
    kept = [k for k, file in enumerate(split.files) if not file.startswith("px64/")]
    parts = (split.pixels, split.labels, split.patients, split.about)
    return Split([split.files[k] for k in kept], *(part[kept] for part in parts), split.findings)
