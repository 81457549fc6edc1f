"""Labels, splits and decoded pixels of the NIH subset (see the data folder's README).

Rules kept here: training uses `split == "train"` alone; `px128` is the only folder with
labels for the classifier, because resolution leaks the label in `px256`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from reduce import bilinear_weights

FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia",
    "Pneumothorax", "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening",
    "Hernia",
)
DEFAULT_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "nih"
DEFAULT_CACHE = Path.home() / ".cache" / "cipherfilm-training"


@dataclass(frozen=True)
class Split:
    """One folder's images of one split, in the order of labels.csv."""

    files: list[str]
    pixels: np.ndarray  # uint8 [N, S, S]
    labels: np.ndarray  # float32 [N, 14], 1 = the finding is named in the report
    patients: np.ndarray  # str [N]
    about: np.ndarray  # float32 [N, 3]: 1 = AP view, 1 = male, age / 100

    def __len__(self) -> int:
        return len(self.files)


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
    labels = np.array([[float(r[name]) for name in FINDINGS] for r in rows], dtype=np.float32)
    about = np.array([[r["view"] == "AP", r["sex"] == "M", min(float(r["age"]), 100.0) / 100.0] for r in rows],
                     dtype=np.float32)
    return Split(files, pixels, labels, np.array([r["patient_id"] for r in rows]), about)


def double(pixels: np.ndarray) -> np.ndarray:
    """uint8 [N, S, S] -> uint8 [N, 2 S, 2 S], bilinear with half-pixel centres."""
    up = bilinear_weights(pixels.shape[1])
    return np.stack([np.rint(up @ image @ up.T) for image in pixels.astype(np.float64)]).astype(np.uint8)


def classifier_images(data: Path, cache: Path = DEFAULT_CACHE) -> Split:
    """The train images with labels: px128, and px64 enlarged to 128. The latter are soft, and
    `augment` softens some of the former in the same way, so that softness says nothing."""
    fine, soft = (load_split(data, folder, "train", cache) for folder in ("px128", "px64"))
    return Split(fine.files + soft.files, np.concatenate([fine.pixels, double(soft.pixels)]),
                 *(np.concatenate([getattr(fine, k), getattr(soft, k)]) for k in ("labels", "patients", "about")))
