"""The one choice between the sources: everything else sees a `Split`."""

from __future__ import annotations

import argparse

from training.data import chexpert, nih, nih_whole
from training.data.split import Split


def images(args: argparse.Namespace, part: str) -> Split:
    """The images at 128 px of `train`, `val` or `test`, from the source that the flags name."""
    if args.source == "chexpert":
        return chexpert.load_part(args.data, part, args.uncertain, args.cache)
    if nih_whole.table_of(args.data) is not None:
        return nih_whole.load_part(args.data, part, args.cache)
    if part == "train":
        return nih.classifier_images(args.data, args.cache)
    return nih.load_split(args.data, "px128", part, args.cache)
