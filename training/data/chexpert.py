"""CheXpert's layout: `<data>/train.csv` and `valid.csv` beside the folder that their paths name.

Columns `Path, Sex, Age, Frontal/Lateral, AP/PA` and 14 observations: 1.0, 0.0, -1.0 (uncertain) or empty (not
mentioned, taken as absent, as CheXpert's own baselines do). Only frontal views are read. Where
`train_visualCheXbert.csv` is present, its labels, which have no uncertain ones, replace those of `train.csv`.
Train and val are parts of `train.csv`, by patient; test is `valid.csv`, which radiologists labelled.
"""

from __future__ import annotations

import csv
import zlib
from pathlib import Path

import numpy as np

from training.data.reduce import CLASSIFIER_SIZE, area_average
from training.data.split import Split, about, label_set, read_grey

VAL_SHARE = 0.1
UNCERTAIN = {"zeros": 0.0, "ones": 1.0, "ignore": float("nan")}


def patient_of(path: str) -> str:
    """`CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg` -> `patient00001`."""
    return next(part for part in path.split("/") if part.startswith("patient"))


def is_val(patient: str) -> bool:
    """The same patients on every machine."""
    return zlib.crc32(patient.encode()) % 1000 < 1000 * VAL_SHARE


def label(text: str, uncertain: str) -> float:
    value = float(text) if text else 0.0
    if value not in (-1.0, 0.0, 1.0):
        raise ValueError(f"not a CheXpert label: {text}")
    return UNCERTAIN[uncertain] if value == -1.0 else value


def locate(data: Path, path: str) -> Path:
    """The image, whose path names the dataset's folder, which may be `data` itself."""
    inside = Path(*Path(path).parts[1:])
    return data / inside if (data / inside).exists() else data / path


def load_part(data: Path, part: str, uncertain: str, cache: Path) -> Split:
    """`train`, `val` or `test` at 128 px; decoded pixels are cached as .npy under `cache`."""
    table = "valid.csv" if part == "test" else "train.csv"
    if part != "test" and (data / "train_visualCheXbert.csv").exists():
        table = "train_visualCheXbert.csv"
    with open(data / table, newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["Frontal/Lateral"] == "Frontal"]
    if part != "test":
        rows = [r for r in rows if is_val(patient_of(r["Path"])) == (part == "val")]
    files = [r["Path"] for r in rows]
    cached = cache / f"chexpert-{part}-{zlib.crc32(repr(files).encode()):08x}.npy"
    if cached.exists():
        pixels = np.load(cached)
    else:
        small = (area_average(read_grey(locate(data, file)), CLASSIFIER_SIZE, CLASSIFIER_SIZE) for file in files)
        pixels = np.stack([np.rint(image).astype(np.uint8) for image in small])
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, pixels)
    findings = label_set("chexpert")
    labels = np.array([[label(r[name], uncertain) for name in findings] for r in rows], dtype=np.float32)
    known = np.array([about(r["AP/PA"], r["Sex"], r["Age"] or "0") for r in rows], dtype=np.float32)
    return Split(files, pixels, labels, np.array([patient_of(file) for file in files]), known, findings)
