"""NIH's own layout of all 112,120 films: `Data_Entry_2017_v2020.csv` (or `Data_Entry_2017.csv`), the lists
`train_val_list.txt` and `test_list.txt`, and the images in folders `images*`.

Test is the official list. Val is a tenth of the other patients, the same on every machine.
"""

from __future__ import annotations

import csv
import zlib
from pathlib import Path

import numpy as np

from training.data.reduce import CLASSIFIER_SIZE, area_average
from training.data.split import Split, about, label_set, read_grey

TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
VAL_SHARE = 0.1


def table_of(data: Path) -> Path | None:
    """The table of this layout, where a folder has it."""
    return next((data / name for name in TABLES if (data / name).exists()), None)


def part_of(patient: str, official: bool) -> str:
    """`train`, `val` or `test`; `official` films are on NIH's test list."""
    if official:
        return "test"
    return "val" if zlib.crc32(patient.encode()) % 1000 < 1000 * VAL_SHARE else "train"


def reduced(path: Path) -> np.ndarray:
    """uint8 [128, 128]: the film's areas averaged. Some files have colours or an opacity, which `read_grey` drops."""
    return np.rint(area_average(read_grey(path), CLASSIFIER_SIZE, CLASSIFIER_SIZE)).astype(np.uint8)


def load_part(data: Path, part: str, cache: Path) -> Split:
    """One part at 128 px; decoded pixels are cached as .npy under `cache`."""
    table = table_of(data)
    if table is None:
        raise FileNotFoundError(f"none of {', '.join(TABLES)} in {data}")
    official = set((data / "test_list.txt").read_text().split())
    with open(table, newline="") as handle:
        rows = [r for r in csv.DictReader(handle)
                if part_of(r["Patient ID"], r["Image Index"] in official) == part]
    files = [r["Image Index"] for r in rows]
    cached = cache / f"nih-whole-{part}-{zlib.crc32(repr(files).encode()):08x}.npy"
    if cached.exists():
        pixels = np.load(cached)
    else:
        places = {path.name: path for path in data.glob("images*/**/*.png")}
        pixels = np.stack([reduced(places[file]) for file in files])
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, pixels)
    findings = label_set("nih")
    named = [set(r["Finding Labels"].split("|")) for r in rows]
    labels = np.array([[float(finding in found) for finding in findings] for found in named], np.float32)
    # Older tables write the age with its unit, as 058Y.
    known = np.array([about(r["View Position"], next(r[k] for k in ("Patient Gender", "Patient Sex") if k in r),
                            r["Patient Age"].rstrip("YMD") or "0") for r in rows], np.float32)
    return Split(files, pixels, labels, np.array([r["Patient ID"] for r in rows]), known, findings)
