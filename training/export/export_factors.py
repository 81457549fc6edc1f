"""Write the graph of one trained classifier per compression factor, `f2.json`, `f2.bin`, … into a folder, for
tools/bundle/write-costs.ts, which compiles them. Bounds are measured on val's latents."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from training.classifier.work import load_classifier
from training.export.export_bundle import HEADROOM, measure
from training.export.graph import build_graph
from training.loop.checkpoint import read_checkpoint
from training.place import DEFAULT_CACHE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("runs", nargs="+", help="pairs `classifier:views` of finished runs, one per factor")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for pair in args.runs:
        classifier, views = (args.cache / "runs" / name for name in pair.split(":"))
        model = load_classifier(read_checkpoint(classifier / "weights.pt") or {}, torch.device("cpu"))
        bounds, highest = measure(model, [np.load(views / "val.npy", mmap_mode="r")])
        document, weights = build_graph(model, {k: HEADROOM * v for k, v in bounds.items()}, HEADROOM * highest)
        (args.folder / f"f{model.factor}.json").write_text(json.dumps(document) + "\n")
        (args.folder / f"f{model.factor}.bin").write_bytes(weights)


if __name__ == "__main__":
    main()
