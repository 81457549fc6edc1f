"""The teacher: a residual ReLU CNN on the 128 px pixels.

It is the pixel baseline, the feature network of the VQGAN's perceptual loss (no pretrained
weights are used anywhere), and the source of distillation targets. View, sex and age are
learned beside the findings: they are free labels that shape the features.
Run as a script it trains on the train images and prints the val macro-AUROC.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import (Clock, Ema, augment, base_parser, cosine, known_bce, save_atomic, set_rate, setup,
                    to_batch)
from data import Split, images
from metrics import macro

ABOUT = 3  # view, sex, age
WIDTHS = (16, 32, 64, 128, 192)


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut; halves the side when stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        short = F.avg_pool2d(x, 2) if self.stride == 2 else x
        return F.relu(y + self.skip(short))


class Trunk(nn.Module):
    """[N, 1, 128, 128] in [-1, 1] -> features of WIDTHS channels at sides 64, 32, 16, 8 and 4."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, WIDTHS[0], 5, 2, 2, bias=False), nn.BatchNorm2d(WIDTHS[0]),
                                  nn.ReLU())
        self.stages = nn.ModuleList(Block(a, b, 2) for a, b in zip(WIDTHS, WIDTHS[1:]))

    def features(self, x: torch.Tensor) -> list[torch.Tensor]:
        out = [self.stem(x)]
        for stage in self.stages:
            out.append(stage(out[-1]))
        return out


class Teacher(Trunk):
    """[N, 1, 128, 128] in [-1, 1] -> one logit per finding."""

    def __init__(self, dropout: float = 0.25, findings: int = 14) -> None:
        super().__init__()
        self.findings = findings
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * WIDTHS[-1], findings + ABOUT)

    def outputs(self, features: list[torch.Tensor]) -> torch.Tensor:
        """The logits, then view, sex and age."""
        last = features[-1]
        pooled = torch.cat([last.mean(dim=(2, 3)), last.amax(dim=(2, 3))], 1)
        return self.head(self.dropout(pooled))

    def logits(self, features: list[torch.Tensor]) -> torch.Tensor:
        return self.outputs(features)[:, :self.findings]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(x))


def about_loss(outputs: torch.Tensor, about: torch.Tensor) -> torch.Tensor:
    """View and sex as classes, age as a number; [N, 3] each."""
    classes = F.binary_cross_entropy_with_logits(outputs[:, :2], about[:, :2])
    return classes + 10 * F.mse_loss(outputs[:, 2], about[:, 2])


def without_px64(split: Split) -> Split:
    """The images that have their own detail."""
    kept = [k for k, file in enumerate(split.files) if not file.startswith("px64/")]
    parts = (split.pixels, split.labels, split.patients, split.about)
    return Split([split.files[k] for k in kept], *(part[kept] for part in parts), split.findings)


def positive_weights(labels: torch.Tensor, power: float) -> torch.Tensor:
    """Weight of each finding's positives in the loss: (negatives / positives)^power."""
    known, positives = (~labels.isnan()).sum(0), labels.nansum(0).clamp(min=1)
    return ((known - positives) / positives).pow(power)


@torch.no_grad()
def predict(model: nn.Module, pixels: np.ndarray, device: torch.device,
            mirror: bool = False) -> np.ndarray:
    """Logits [N, F] of uint8 pixels [N, 128, 128]; `mirror` averages with the mirrored image's."""
    model.eval()
    out = []
    for i in range(0, len(pixels), 64):
        x = to_batch(pixels[i:i + 64], device).contiguous(memory_format=torch.channels_last)
        logits = (model(x) + model(x.flip(-1))) / 2 if mirror else model(x)
        out.append(logits.cpu().numpy())
    return np.concatenate(out)


def load_teacher(path: Path, device: torch.device) -> Teacher:
    """The averaged teacher, frozen."""
    state = torch.load(path, map_location=device)["ema"]
    teacher = Teacher(findings=len(state["head.bias"]) - ABOUT).to(device).to(memory_format=torch.channels_last)
    teacher.load_state_dict(state)
    return teacher.eval().requires_grad_(False)


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--name", default="teacher.pt", help="checkpoint inside the cache")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.25)
    parser.add_argument("--no-mirror", action="store_true", help="do not mirror images")
    parser.add_argument("--no-px64", action="store_true", help="train on px128 only")
    parser.add_argument("--balance", type=float, default=0.0,
                        help="weight of positives: this power of negatives over positives")
    parser.add_argument("--about-weight", type=float, default=0.1)
    parser.add_argument("--minutes", type=float, default=170.0, help="stop (resumable) after this")
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    train, val = images(args, "train"), images(args, "val")
    if args.no_px64:
        train = without_px64(train)
    count = len(train.findings)
    path = args.cache / args.name
    model = Teacher(args.dropout, count).to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=args.decay)
    ema, clock, step, history = Ema(model, 0.998), Clock(), 0, []
    if path.exists():
        saved = torch.load(path, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        ema.state, step, clock, history = saved["ema"], saved["step"], Clock(saved["seconds"]), saved["history"]
    labels, about = (torch.from_numpy(a).to(device) for a in (train.labels, train.about))
    balance = positive_weights(labels, args.balance)
    averaged = Teacher(findings=count).to(device).to(memory_format=torch.channels_last)
    per_epoch = len(train) // args.batch
    steps = per_epoch * args.epochs

    def save() -> None:
        save_atomic({"model": model.state_dict(), "ema": ema.state, "step": step, "history": history,
                     "optimiser": optimiser.state_dict(), "seconds": clock.spent(),
                     "val": history[-1] if history else None,
                     "flags": {k: v for k, v in vars(args).items() if k not in ("data", "cache")}}, path)

    while step < steps and clock.spent() < args.minutes * 60:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([args.seed, epoch]).permutation(len(train))
        pick = order[place * args.batch:(place + 1) * args.batch]
        generator = torch.Generator().manual_seed(args.seed * 1_000_003 + step)
        torch.manual_seed(args.seed * 7_000_003 + step)
        x = augment(to_batch(train.pixels[pick], device), generator, mirror=not args.no_mirror,
                    soften=0.0 if args.no_px64 else 0.25)
        model.train()
        set_rate(optimiser, cosine(step, steps, 200, args.rate))
        out = model.outputs(model.features(x.contiguous(memory_format=torch.channels_last)))
        loss = (known_bce(out[:, :count], labels[pick], balance)
                + args.about_weight * about_loss(out[:, count:], about[pick]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        ema.update(model, step)
        if step % per_epoch == 0:
            averaged.load_state_dict(ema.state)
            history.append(round(macro(val.labels, predict(averaged, val.pixels, device)), 4))
            print(f"epoch {step // per_epoch} {clock.spent():.0f}s loss {loss.item():.4f} val {history[-1]}",
                  flush=True)
            save()
        elif clock.due():
            save()
    save()
    print(f"step {step} {clock.spent():.0f}s val macro-AUROC {history[-1] if history else None}")


if __name__ == "__main__":
    main()
