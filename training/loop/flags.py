"""The flags that the commands share, seeds, and the device."""

from __future__ import annotations

import argparse
import os
import random
from pathlib import Path

import numpy as np
import torch

from training.place import DEFAULT_CACHE

SAMPLES = "CIPHERFILM_SAMPLES"  # the variable that names the folder of sample collections


class DataParser(argparse.ArgumentParser):
    """Needs to be told where the data is: by `--data`, or for the NIH layout by the variable, whose `nih` it takes."""

    def parse_known_args(self, args=None, namespace=None):
        flags, rest = super().parse_known_args(args, namespace)
        samples = os.environ.get(SAMPLES, "")
        if flags.data is None and samples and flags.source == "nih":
            flags.data = Path(samples) / "nih"
        if flags.data is None:
            also = f", or {SAMPLES}, the folder that holds nih/" if flags.source == "nih" else ""
            self.error(f"--data is required: the folder of the images and labels{also}")
        return flags, rest


def add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="decoded data, checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)


def base_parser(description: str | None) -> argparse.ArgumentParser:
    """Flags of a command that reads no images, only what other commands left in the cache."""
    parser = argparse.ArgumentParser(description=description)
    add_shared(parser)
    return parser


def data_parser(description: str | None) -> argparse.ArgumentParser:
    """Flags of a command that reads images or labels."""
    parser = DataParser(description=description)
    parser.add_argument("--data", type=Path,
                        help=f"folder of the images and labels; without it, `nih` in the folder of {SAMPLES}")
    parser.add_argument("--source", choices=["nih", "chexpert"], default="nih", help="layout of the data folder")
    parser.add_argument("--uncertain", choices=["zeros", "ones", "ignore"], default="ignore",
                        help="what CheXpert's uncertain labels become")
    add_shared(parser)
    return parser


def setup(seed: int, threads: int, device: str = "auto") -> torch.device:
    """Seed every generator and choose the device; `auto` is CUDA where it is there."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)
