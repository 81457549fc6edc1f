"""The teacher: a small residual ReLU CNN on the 128 px pixels.

It is the honest pixel baseline, the feature network of the VQGAN's perceptual loss
(no pretrained weights are used anywhere), and the source of distillation targets.
Run as a script it trains on the train split and prints the val macro-AUROC.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import (Clock, Ema, augment, base_parser, cosine, save_atomic, set_rate, setup,
                    to_batch)
from data import FINDINGS, load_split
from metrics import macro


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


class Teacher(nn.Module):
    """[N, 1, 128, 128] in [-1, 1] -> 14 logits; features at sides 64, 32, 16, 8 and 4."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        widths = [16, 32, 64, 128, 192]
        self.stages = nn.ModuleList(Block(a, b, 2) for a, b in zip(widths, widths[1:]))
        self.dropout = nn.Dropout(0.25)
        self.head = nn.Linear(2 * widths[-1], len(FINDINGS))

    def features(self, x: torch.Tensor) -> list[torch.Tensor]:
        out = [self.stem(x)]
        for stage in self.stages:
            out.append(stage(out[-1]))
        return out

    def logits(self, features: list[torch.Tensor]) -> torch.Tensor:
        last = features[-1]
        pooled = torch.cat([last.mean(dim=(2, 3)), last.amax(dim=(2, 3))], 1)
        return self.head(self.dropout(pooled))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(x))


@torch.no_grad()
def predict(model: nn.Module, pixels: np.ndarray, device: torch.device,
            mirror: bool = False) -> np.ndarray:
    """Logits [N, 14] of uint8 pixels [N, 128, 128]; `mirror` averages with the mirrored image's."""
    model.eval()
    out = []
    for i in range(0, len(pixels), 64):
        x = to_batch(pixels[i:i + 64], device).contiguous(memory_format=torch.channels_last)
        logits = (model(x) + model(x.flip(-1))) / 2 if mirror else model(x)
        out.append(logits.cpu().numpy())
    return np.concatenate(out)


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--steps", type=int, default=2600)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop (resumable) after this")
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    train, val = (load_split(args.data, "px128", s, args.cache) for s in ("train", "val"))
    path = args.cache / "teacher.pt"
    model = Teacher().to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02)
    ema, clock, first = Ema(model, 0.99), Clock(), 0
    if path.exists():
        saved = torch.load(path, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        ema.state, first, clock = saved["ema"], saved["step"], Clock(saved["seconds"])
    labels = torch.from_numpy(train.labels).to(device)

    def save(step: int, **extra: float) -> None:
        save_atomic({"model": model.state_dict(), "ema": ema.state, "step": step, "steps": args.steps,
                     "optimiser": optimiser.state_dict(), "seconds": clock.spent(),
                     "seed": args.seed, "batch": args.batch, **extra}, path)

    per_epoch = len(train) // args.batch
    step = first
    while step < args.steps and clock.spent() < args.minutes * 60:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([args.seed, epoch]).permutation(len(train))
        pick = order[place * args.batch:(place + 1) * args.batch]
        generator = torch.Generator().manual_seed(args.seed * 1_000_003 + step)
        x = augment(to_batch(train.pixels[pick], device), generator)
        model.train()
        set_rate(optimiser, cosine(step, args.steps, 150, 2e-3))
        loss = F.binary_cross_entropy_with_logits(
            model(x.contiguous(memory_format=torch.channels_last)), labels[pick])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        ema.update(model, step)
        if step % 40 == 0:
            print(f"step {step} {clock.spent():.0f}s bce {loss.item():.4f}", flush=True)
        if clock.due():
            save(step)
    averaged = Teacher().to(device).to(memory_format=torch.channels_last)
    averaged.load_state_dict(ema.state)
    score = macro(val.labels, predict(averaged, val.pixels, device))
    save(step, val=score)
    print(f"step {step} {clock.spent():.0f}s val macro-AUROC {score:.4f}")


if __name__ == "__main__":
    main()
