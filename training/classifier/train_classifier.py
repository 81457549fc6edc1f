"""Train a classifier on the encoded latents; the best epoch on val is kept.

`--network shipped` is HefNet-R of hefnet.py, for any factor; the others are those of networks.py (f8,
f16). Loss = BCE on the labels + distillation of the teachers' logits + range control, with random
views, small latent shifts, noise and mixup as augmentation, and averaged weights.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.hefnet import HefNet
from training.classifier.networks import NETWORKS
from training.classifier.ranges import RangeWatch, keep_squares, relu_twin
from training.data.sources import images
from training.latent import LATENTS
from training.loop.checkpoint import Clock, Ema, save_atomic
from training.loop.flags import data_parser, setup
from training.loop.loss import known_bce
from training.loop.schedule import cosine, set_rate
from training.metrics.auroc import macro

SHIPPED = "shipped"


def make_network(flags: dict, dropout: float = 0.0) -> nn.Module:
    """The network that the flags of a run name."""
    if flags["network"] == SHIPPED:
        model: nn.Module = HefNet(flags["factor"], dropout, flags["attention"], tuple(flags["widths"]),
                                  flags["findings"])
    else:
        model = NETWORKS[flags["network"]](f"f{flags['factor']}", flags["attention"], flags["findings"])
    return relu_twin(model) if flags["relu"] else model


@torch.no_grad()
def predict(model: nn.Module, latents: np.ndarray, device: torch.device) -> np.ndarray:
    """Logits [N, F] of latents [N, C, H, W]."""
    model.eval()
    batches = (torch.tensor(latents[i:i + 128], dtype=torch.float32, device=device)
               for i in range(0, len(latents), 128))
    return np.concatenate([model(batch).cpu().numpy() for batch in batches])


def load_classifier(path: object, device: torch.device) -> tuple[nn.Module, dict]:
    """The averaged weights of the best epoch, in eval mode, and the checkpoint."""
    saved = torch.load(path, map_location=device)
    model = make_network(saved["flags"]).to(device)
    model.load_state_dict(saved["best"])
    return model.eval().requires_grad_(False), saved


def shift(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Shift a batch of latents by up to one cell with replicated edges."""
    side = x.shape[-1]
    dy, dx = (int(v) for v in rng.integers(0, 3, 2))
    return F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, dy:dy + side, dx:dx + side]


def train(args: argparse.Namespace) -> None:
    device = setup(args.seed, args.threads)
    folder = args.cache / "latents"
    views = np.load(folder / f"{args.latents}-train.npy", mmap_mode="r")
    val_latents = np.load(folder / f"{args.latents}-val.npy")[0]
    targets = torch.from_numpy(np.load(folder / f"{args.latents}-train-teachers.npy")).float()
    labels, val = torch.from_numpy(images(args, "train").labels), images(args, "val")
    args.factor = next(f for f, shape in LATENTS.items() if shape == (views.shape[2], views.shape[4]))
    args.findings = len(val.findings)
    flags = {k: v for k, v in vars(args).items() if k not in ("data", "cache")}
    model, averaged = make_network(flags, args.dropout).to(device), make_network(flags).to(device)
    if args.start:
        start = torch.load(args.cache / args.start, map_location=device)["ema"]
        model.load_state_dict({k[len("head."):]: v for k, v in start.items() if k.startswith("head.")})
    watch = RangeWatch(model, args.range_limit)
    optimiser = torch.optim.AdamW([
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": args.decay},
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0}])
    ema, clock, epoch = Ema(model, 0.998), Clock(), 0
    best, best_score, history = ema.state, 0.0, []
    path = args.cache / args.name
    if path.exists():
        saved = torch.load(path, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        ema.state, epoch, clock = saved["ema"], saved["epoch"], Clock(saved["seconds"])
        best, best_score, history = saved["best"], saved["val"], saved["history"]
    steps = len(labels) // args.batch
    while epoch < args.epochs and clock.spent() < args.minutes * 60:
        rng = np.random.default_rng([args.seed, epoch])
        torch.manual_seed(args.seed * 5_000_011 + epoch)
        order = rng.permutation(len(labels))
        total = 0.0
        model.train()
        for k in range(steps):
            step = epoch * steps + k
            pick = np.sort(order[k * args.batch:(k + 1) * args.batch])
            view = rng.integers(0, len(views), len(pick))
            x = torch.from_numpy(views[view, pick].astype(np.float32)).to(device)
            y, t = labels[pick].to(device), targets[view, pick].to(device)
            x = shift(x, rng) + args.noise * torch.randn_like(x)
            if args.mixup > 0:
                share, other = float(rng.beta(args.mixup, args.mixup)), torch.randperm(len(pick))
                x, y, t = (share * v + (1 - share) * v[other] for v in (x, y, t))
            set_rate(optimiser, cosine(step, args.epochs * steps, 200, args.rate))
            logits = model(x)
            loss = known_bce(logits, y) + args.distil * F.mse_loss(logits, t)
            total += loss.item()
            optimiser.zero_grad()
            (loss + 0.01 * watch.take()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            keep_squares(model)
            ema.update(model, step + 1)
        epoch += 1
        averaged.load_state_dict(ema.state)
        score = macro(val.labels, np.nan_to_num(predict(averaged, val_latents, device)))
        history.append(round(score, 4))
        if score > best_score:
            best, best_score = {k: v.clone() for k, v in ema.state.items()}, score
        print(f"{args.name} epoch {epoch} {clock.spent():.0f}s loss {total / steps:.4f} val {score:.4f}", flush=True)
        save_atomic({"model": model.state_dict(), "ema": ema.state, "optimiser": optimiser.state_dict(),
                     "best": best, "val": best_score, "epoch": epoch, "seconds": clock.spent(),
                     "history": history, "flags": flags}, path)


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--latents", default="final")
    parser.add_argument("--name", default="hefnet.pt", help="checkpoint inside the cache")
    parser.add_argument("--network", choices=[SHIPPED, *NETWORKS], default=SHIPPED)
    parser.add_argument("--attention", choices=["none", "paper", "shallow"], default="shallow")
    parser.add_argument("--widths", type=int, nargs=3, default=[32, 128, 128], help="of the shipped network")
    parser.add_argument("--relu", action="store_true", help="ReLU for quadratics, sigmoids for cubics")
    parser.add_argument("--start", default="", help="VQGAN checkpoint whose head to go on from")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=170.0, help="stop (resumable) after this")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--distil", type=float, default=0.25)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--mixup", type=float, default=0.2)
    parser.add_argument("--range-limit", type=float, default=6.0)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
