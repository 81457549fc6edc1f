"""Train every classifier of the comparison that has no finished checkpoint yet, two at a time.

On the f8 latents: the paper's four networks with and without its squeeze-and-excitation, with learned
quadratics and with ReLU; the shipped architecture with ReLU. On the latents of the other factors, and on those of
the codec that knows nothing of the task: the shipped architecture. `--list` shows what there is.
Each run is one call of training.classifier.train_classifier with one thread; the same flags for all, but for the names.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from training.loop.flags import data_parser

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Run:
    """One classifier of the comparison; `latents` as training.codec.latents named them."""

    network: str
    attention: str
    relu: bool
    latents: str = "final"

    @property
    def name(self) -> str:
        kind = "relu" if self.relu else "quadratic"
        return f"{self.network}-{self.latents}-{self.attention}-{kind}.pt"

    def flags(self, epochs: int) -> list[str]:
        flags = ["--network", self.network, "--attention", self.attention, "--latents", self.latents,
                 "--name", self.name, "--epochs", str(epochs), "--threads", "1"]
        return flags + (["--relu"] if self.relu else [])


PAPER = [Run(network, attention, relu) for network in ("lenet", "vgg5", "hefnet", "resnet20")
         for attention in ("none", "paper") for relu in (False, True)]
OURS = [Run("shipped", "shallow", False), Run("shipped", "shallow", True), Run("shipped", "none", False)]
OTHERS = [Run("shipped", "shallow", False, latents) for latents in ("f2", "f4", "f16", "blind")]


def finished(cache: Path, run: Run, epochs: int) -> bool:
    path = cache / run.name
    return path.exists() and torch.load(path, map_location="cpu")["epoch"] >= epochs


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--only", nargs="+", default=[], help="names of runs, without .pt")
    parser.add_argument("--together", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    runs = [run for run in [*OURS, *PAPER, *OTHERS]
            if (args.cache / "latents" / f"{run.latents}-train.npy").exists()
            and (not args.only or run.name[:-3] in args.only)]
    missing = [run for run in runs if not finished(args.cache, run, args.epochs)]
    if args.list:
        print("\n".join(f"{run.name[:-3]} {'missing' if run in missing else 'trained'}" for run in runs))
        return
    with ThreadPoolExecutor(args.together) as pool:
        codes = list(pool.map(lambda run: train(run, args), missing))
    sys.exit(max(codes, default=0))


def train(run: Run, args: argparse.Namespace) -> int:
    shared = ["--data", str(args.data.resolve()), "--cache", str(args.cache.resolve()), "--seed", str(args.seed),
              "--source", args.source, "--uncertain", args.uncertain]
    command = [sys.executable, "-u", "-m", "training.classifier.train_classifier"]
    return subprocess.run([*command, *run.flags(args.epochs), *shared], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()
