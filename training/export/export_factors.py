"""Write the shipped architecture's graph at every factor that is trained, `f2.json`, `f2.bin`, … into a folder, for
tools/bundle/write-costs.ts, which compiles them. Bounds are measured on val's latents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from training.classifier.compare import OTHERS
from training.classifier.train_classifier import load_classifier
from training.export.export_bundle import HEADROOM, measure
from training.export.graph import build_graph
from training.loop.flags import base_parser, setup


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classifier", default="hefnet.pt", help="the one that is shipped")
    args = parser.parse_args()
    setup(args.seed, args.threads)
    args.folder.mkdir(parents=True, exist_ok=True)
    names = [args.classifier, *(run.name for run in OTHERS if run.latents != "blind")]
    for path in (args.cache / name for name in names):
        if not path.exists():
            continue
        model, saved = load_classifier(path, torch.device("cpu"))
        latents = np.load(args.cache / "latents" / f"{saved['flags']['latents']}-val.npy", mmap_mode="r")[0]
        bounds, highest = measure(model, [latents])
        document, weights = build_graph(model, {k: HEADROOM * v for k, v in bounds.items()}, HEADROOM * highest)
        name = f"f{saved['flags']['factor']}"
        (args.folder / f"{name}.json").write_text(json.dumps(document) + "\n")
        (args.folder / f"{name}.bin").write_bytes(weights)


if __name__ == "__main__":
    main()
