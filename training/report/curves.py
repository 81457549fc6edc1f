"""Draws ROC and reliability curves of a bundle's stored scores as SVG, one panel per finding, val and test.

`python3 -m training.report.curves bundle-f8-five` reads `training/results/bundle-f8-five.json` and writes
`docs/results/roc.svg` and `docs/results/reliability.svg`. Only findings with 20 positives on val and test together are drawn.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from training.export.calibrate import sigmoid
from training.metrics.judge import COMMON

SIDE, GAP, ACROSS = 150, 40, 4  # px of a panel, between panels, panels in a row
COLOURS = {"val": "#1f5fa8", "test": "#c2410c"}
BINS = 8  # of a reliability curve, each of as many films


def roc(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Points [K, 2]: false alarms and hits as shares, at every threshold; films of one score fall together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(labels[order])[ends] / max(1, labels.sum())
    alarms = np.cumsum(1 - labels[order])[ends] / max(1, (1 - labels).sum())
    return np.concatenate([[[0.0, 0.0]], np.stack([alarms, hits], 1)])


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Points [BINS, 2]: mean probability and share with the finding, of films in order of probability."""
    parts = np.array_split(np.argsort(probabilities, kind="stable"), BINS)
    return np.array([[probabilities[part].mean(), labels[part].mean()] for part in parts if len(part)])


def line(points: np.ndarray, colour: str) -> str:
    path = " ".join(f"{SIDE * x:.1f},{SIDE * (1 - y):.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def panel(k: int, title: str, curves: dict[str, np.ndarray], top: float) -> str:
    """One panel at its place; both axes go from 0 to `top`."""
    x, y = GAP + (k % ACROSS) * (SIDE + GAP), GAP + (k // ACROSS) * (SIDE + GAP)
    drawn = "".join(line(points / top, COLOURS[name]) for name, points in curves.items())
    return (f'<g transform="translate({x},{y})"><rect width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>'
            f'<line x1="0" y1="{SIDE}" x2="{SIDE}" y2="0" stroke="#bbb" stroke-dasharray="3"/>{drawn}'
            f'<text y="-6" font-size="11">{title}</text>'
            f'<text y="{SIDE + 13}" font-size="10">0 to {top:.2f}</text></g>')


def picture(panels: list[str]) -> str:
    width, rows = GAP + ACROSS * (SIDE + GAP), -(-len(panels) // ACROSS)
    legend = "".join(f'<text x="{GAP + 60 * k}" y="16" font-size="12" fill="{colour}">{name}</text>'
                     for k, (name, colour) in enumerate(COLOURS.items()))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{GAP + rows * (SIDE + GAP)}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>{legend}{"".join(panels)}</svg>\n')


def draw(figures: dict[str, Any]) -> tuple[str, str]:
    """The two pictures. Probabilities are each view's own."""
    names, entries = figures["findings"], figures["views"]
    rocs, reliabilities = [], []
    for k, name in enumerate(names):
        curves, calibrated, positives = {}, {}, 0
        for part, films in figures["scores"].items():
            labels = np.array([k in film["found"] for film in films], float)
            logits = np.array([film["logits"][k] for film in films])
            lines = np.array([[entries[film["view"]][k][key] for key in ("slope", "intercept")] for film in films])
            positives += int(labels.sum())
            curves[part] = roc(labels, logits)
            calibrated[part] = reliability(labels, sigmoid(lines[:, 0] * logits + lines[:, 1]))
        if positives >= COMMON:
            rocs.append(panel(len(rocs), name, curves, 1.0))
            top = 1.05 * max(float(points.max()) for points in calibrated.values())
            reliabilities.append(panel(len(reliabilities), name, calibrated, top))
    return picture(rocs), picture(reliabilities)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a finished run of the kind `bundle`")
    parser.add_argument("--results", type=Path, default=Path(__file__).resolve().parent.parent / "results")
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    args = parser.parse_args()
    found = draw(json.loads((args.results / f"{args.run}.json").read_text()))
    for name, text in zip(("roc", "reliability"), found, strict=True):
        (args.out / f"{name}.svg").write_text(text)


if __name__ == "__main__":
    main()
