"""Where the logits per region point, against the boxes that NIH's radiologists drew: how often the region that adds
most to a finding's logit meets the finding's box, and how often a region drawn at random would."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from training.classifier.hefnet import REGIONS, HefNet
from training.codec.networks import Encoder
from training.data.split import label_set, read_grey
from training.loop.images import to_batch, upsample2

BOX_SIDE = 1024
NAMES = {"Infiltrate": "Infiltration"}  # the box table's spelling


def meets(x: float, y: float, width: float, height: float) -> np.ndarray:
    """Which of the REGIONS x REGIONS regions a box overlaps."""
    step = BOX_SIDE / REGIONS
    edges = np.arange(REGIONS) * step
    across = (edges < x + width) & (edges + step > x)
    down = (edges < y + height) & (edges + step > y)
    return np.outer(down, across)


@torch.no_grad()
def point(data: Path, encoder: Encoder, model: HefNet, device: torch.device) -> dict:
    """Boxes, hits and what chance would hit, per split and in all."""
    findings = label_set("nih")
    with open(data / "labels.csv", newline="") as handle:
        splits = {row["file"]: row["split"] for row in csv.DictReader(handle)}
    with open(data / "boxes.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    found: dict[str, list[tuple[bool, float]]] = {}
    for row in rows:
        name = NAMES.get(row["finding"], row["finding"])
        if row["file"] not in splits or name not in findings:
            continue
        image = to_batch(read_grey(data / row["file"])[None], device)
        regions = model.regions(encoder(upsample2(image)))[0, findings.index(name)].cpu().numpy()
        met = meets(*(float(row[key]) for key in ("x", "y", "width", "height")))
        hit = bool(met.reshape(-1)[int(regions.argmax())])
        for part in (splits[row["file"]], "all"):
            found.setdefault(part, []).append((hit, float(met.mean())))
    return {part: {"boxes": len(results), "hit": round(float(np.mean([hit for hit, _ in results])), 3),
                   "chance": round(float(np.mean([chance for _, chance in results])), 3)}
            for part, results in found.items()}
