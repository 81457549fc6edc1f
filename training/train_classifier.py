"""Train HefNet-R-SE (or its ReLU twin) on the encoded latents; the best epoch on val is kept.

Loss = BCE on the labels + distillation of the teacher's logits + range control, with random
views, small latent shifts, noise and mixup as augmentation, and averaged weights.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from common import Clock, Ema, base_parser, cosine, save_atomic, set_rate, setup
from data import load_split
from hefnet import HEADS, HefNet
from metrics import macro


@torch.no_grad()
def predict(model: HefNet, latents: np.ndarray, device: torch.device) -> np.ndarray:
    """Logits [N, 14] of latents [N, 4, 32, 32]."""
    model.eval()
    batches = (torch.tensor(latents[i:i + 128], dtype=torch.float32, device=device)
               for i in range(0, len(latents), 128))
    return np.concatenate([model(batch).cpu().numpy() for batch in batches])


def load_hefnet(path: object, device: torch.device) -> tuple[HefNet, dict]:
    """The averaged weights of the best epoch, in eval mode, and the checkpoint."""
    saved = torch.load(path, map_location=device)
    model = HefNet(saved["flags"]["head"], relu=saved["flags"]["relu"]).to(device)
    model.load_state_dict(saved["best"])
    return model.eval().requires_grad_(False), saved


def shift(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Shift a batch of latents by up to one cell (8 px) with replicated edges."""
    dy, dx = (int(v) for v in rng.integers(0, 3, 2))
    return F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, dy:dy + 32, dx:dx + 32]


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--latents", default="final")
    parser.add_argument("--name", default="hefnet.pt", help="checkpoint inside the cache")
    parser.add_argument("--head", choices=sorted(HEADS), default="gap")
    parser.add_argument("--relu", action="store_true", help="train the ReLU twin instead")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=0.0,
                        help="end within this time: the learning rate then follows the clock where that is "
                             "ahead of the steps (not deterministic); 0 = no bound")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--distil", type=float, default=0.1)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--mixup", type=float, default=0.2)
    parser.add_argument("--range-limit", type=float, default=6.0)
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    train, val = (load_split(args.data, "px128", s, args.cache) for s in ("train", "val"))
    folder = args.cache / "latents"
    views = np.load(folder / f"{args.latents}-train.npy", mmap_mode="r")
    val_latents = np.load(folder / f"{args.latents}-val.npy")[0]
    targets = torch.from_numpy(np.load(folder / f"teacher-{args.latents}-train.npy"))
    labels = torch.from_numpy(train.labels)
    model = HefNet(args.head, args.dropout, args.relu).to(device)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() == 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": args.decay},
                                   {"params": plain, "weight_decay": 0.0}])
    ema, clock, epoch, step = Ema(model, 0.998), Clock(), 0, 0
    best, best_score, history = ema.state, 0.0, []
    path = args.cache / args.name
    if path.exists():
        saved = torch.load(path, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        ema.state, epoch, clock = saved["ema"], saved["epoch"], Clock(saved["seconds"])
        best, best_score, history = saved["best"], saved["val"], saved["history"]
    steps = len(train) // args.batch
    limit = args.minutes * 60 or float("inf")
    averaged = HefNet(args.head, 0.0, args.relu).to(device)
    while epoch < args.epochs and clock.spent() < limit:
        rng = np.random.default_rng([args.seed, epoch])
        torch.manual_seed(args.seed * 5_000_011 + epoch)
        order = rng.permutation(len(train))
        total = 0.0
        model.train()
        for k in range(steps):
            step = epoch * steps + k
            pick = order[k * args.batch:(k + 1) * args.batch]
            x = torch.from_numpy(views[rng.integers(0, len(views), len(pick)), pick]).float().to(device)
            y, t = labels[pick].to(device), targets[pick].to(device)
            x = shift(x, rng) + args.noise * torch.randn_like(x)
            if args.mixup > 0:
                share = float(rng.beta(args.mixup, args.mixup))
                x, y, t = (share * v + (1 - share) * v.flip(0) for v in (x, y, t))
            place = max(step, int(clock.spent() / limit * args.epochs * steps)) if step > 200 else step
            set_rate(optimiser, cosine(place, args.epochs * steps, 200, args.rate))
            logits = model(x)
            loss = F.binary_cross_entropy_with_logits(logits, y) + args.distil * F.mse_loss(logits, t)
            total += loss.item()
            optimiser.zero_grad()
            (loss + 0.01 * model.overflow(args.range_limit)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            for q in model.quadratics():
                q.keep_square()
            ema.update(model, step + 1)
        epoch += 1
        averaged.load_state_dict(ema.state)
        score = macro(val.labels, predict(averaged, val_latents, device))
        history.append(round(score, 4))
        if score > best_score:
            best, best_score = {k: v.clone() for k, v in ema.state.items()}, score
        print(f"epoch {epoch} {clock.spent():.0f}s loss {total / steps:.4f} val {score:.4f}", flush=True)
        save_atomic({"model": model.state_dict(), "ema": ema.state, "optimiser": optimiser.state_dict(),
                     "best": best, "val": best_score, "epoch": epoch, "seconds": clock.spent(),
                     "history": history, "flags": {k: v for k, v in vars(args).items()
                                                   if k not in ("data", "cache")}}, path)


if __name__ == "__main__":
    main()
