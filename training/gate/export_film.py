"""`python3 -m training.gate.export_film`: puts the film check that the queue's run `film-check` left into the bundle.

`npm run bundle` then ties it to the rest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from training.gate.film_kinds import KINDS
from training.gate.film_network import FilmNetwork
from training.loop.checkpoint import read_checkpoint, write_text

ROOT = Path(__file__).resolve().parent.parent.parent
OPSET = 14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=ROOT / "training" / "results" / "film-check.pt")
    parser.add_argument("--out", type=Path, default=ROOT / "native-models" / "cxr-f8-r1" / "client")
    args = parser.parse_args()
    saved = read_checkpoint(args.weights)
    if saved is None:
        parser.error(f"{args.weights} is missing")
    network = FilmNetwork(saved["width"])
    network.load_state_dict(saved["network"])
    torch.onnx.export(network.eval(), torch.zeros(1, 1, 256, 256), str(args.out / "film-check.onnx"), input_names=["image"],
                      output_names=["kinds"], opset_version=OPSET, do_constant_folding=True, dynamo=False)
    write_text(args.out / "film-check.json", json.dumps(
        {"format": "cipherfilm-film-check/1", "kinds": list(KINDS), **saved["limits"]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
