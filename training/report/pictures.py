"""Draws val films beside what finished codecs make of them, faint findings among them.

`python3 -m training.report.pictures codec-f8 codec-f16` writes one PNG: a row per film, a column for the film and, for each
codec, its reconstruction and the difference, four times as strong, about middle gray.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.codec.train_codec import load_codec
from training.data.sources import images
from training.data.split import Split
from training.loop.checkpoint import read_checkpoint
from training.loop.flags import data_parser, setup
from training.loop.images import to_batch, upsample2

FAINT = ("Nodule", "Pneumothorax", "Fibrosis", "Pleural_Thickening", "Mass", "Effusion")
STRONGER = 4


def chosen(val: Split) -> list[int]:
    """The first val film with each faint finding and no other, where there is one; the first with none at the end."""
    alone = val.labels.sum(1)
    picks = [np.flatnonzero((val.labels[:, val.findings.index(name)] == 1) & (alone == 1)) for name in FAINT
             if name in val.findings]
    picks.append(np.flatnonzero(alone == 0))
    return [int(pick[0]) for pick in picks if len(pick)]


def gray(image: torch.Tensor) -> np.ndarray:
    """[1, S, S] in [-1, 1] -> uint8 [S, S]."""
    return ((image[0].clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy()


@torch.no_grad()
def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("codecs", nargs="+", help="finished runs")
    parser.add_argument("--out", type=Path, default=Path("docs/results/reconstructions.png"))
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    val = images(args, "val")
    films = upsample2(to_batch(val.pixels[chosen(val)], device))
    columns = [films]
    for name in args.codecs:
        encoder, decoder = load_codec(read_checkpoint(args.cache / "runs" / name / "weights.pt") or {}, device)
        drawn = decoder(encoder(films))
        columns += [drawn, STRONGER * (drawn - films)]
    rows = [np.concatenate([gray(column[k]) for column in columns], 1) for k in range(len(films))]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(args.out, optimize=True)


if __name__ == "__main__":
    main()
