"""Train a teacher on the train images and print the val macro-AUROC."""

from __future__ import annotations

import numpy as np
import torch

from training.data.nih import without_px64
from training.data.sources import images
from training.loop.checkpoint import Clock, Ema, save_atomic
from training.loop.flags import data_parser, setup
from training.loop.images import augment, to_batch
from training.loop.loss import known_bce
from training.loop.schedule import cosine, set_rate
from training.metrics.auroc import macro
from training.teacher.network import Teacher, about_loss, predict


def positive_weights(labels: torch.Tensor, power: float) -> torch.Tensor:
    """Weight of each finding's positives in the loss: (negatives / positives)^power."""
    known, positives = (~labels.isnan()).sum(0), labels.nansum(0).clamp(min=1)
    return ((known - positives) / positives).pow(power)


def main() -> None:
    parser = data_parser(__doc__)
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
