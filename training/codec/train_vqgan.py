"""Train the VQGAN of one compression factor, and HefNet-R on its latent, at the same time.

Reconstruction, on px128 (reduced) and px256 (true detail): L1 + perceptual (teacher features)
+ commitment + adversarial hinge after a warm-up. Task, on the labelled images (never px256,
whose resolution leaks the labels): HefNet-R's binary cross-entropy and its distance to the
teachers' logits, on the latent that is also reconstructed. `--task-weight 0 --trunks 0` is the
codec that knows nothing of the task, for comparison.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.hefnet import HefNet
from training.classifier.ranges import RangeWatch, keep_squares
from training.codec.vqgan import Decoder, Discriminator, Encoder, Quantiser
from training.data.nih import load_split
from training.data.sources import images
from training.data.split import Split
from training.latent import LATENTS
from training.loop.checkpoint import Clock, Ema, save_atomic
from training.loop.flags import data_parser, setup
from training.loop.images import augment, to_batch, upsample2
from training.loop.loss import known_bce
from training.loop.schedule import cosine, set_rate
from training.metrics.auroc import macro
from training.metrics.likeness import psnr
from training.teacher.network import load_teacher, teach

PLAIN, FINE = 6, 2  # images of a batch that are reconstructed: px128, px256


def half(images: torch.Tensor) -> torch.Tensor:
    """[N, 1, 256, 256] -> the teacher's [N, 1, 128, 128]."""
    return F.avg_pool2d(images, 2)


def perceptual(real: list[torch.Tensor], fake: list[torch.Tensor]) -> torch.Tensor:
    """Mean over the teacher's stages of the relative squared feature error."""
    parts = [F.mse_loss(f, r) / (r.pow(2).mean() + 1e-6) for r, f in zip(real, fake)]
    return torch.stack(parts).mean()


class Batches:
    """Endless batches: labelled images in shuffled epochs, then PLAIN px128 and FINE px256 images."""

    def __init__(self, args: argparse.Namespace, device: torch.device) -> None:
        self.labelled = images(args, "train")
        nih = args.source == "nih"
        self.coarse = load_split(args.data, "px128", "train", args.cache) if nih else self.labelled
        self.fine = load_split(args.data, "px256", "train", args.cache) if nih else None
        self.seed, self.size, self.device = args.seed, args.batch, device
        self.labels = torch.from_numpy(self.labelled.labels).to(device)

    def pick(self, step: int) -> np.ndarray:
        """Indices of the labelled images of a step; every epoch has each image once."""
        per_epoch = max(1, len(self.labelled) // max(1, self.size))
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.labelled))
        return order[place * self.size:(place + 1) * self.size]

    def labelled_images(self, pick: np.ndarray, step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return augment(to_batch(self.labelled.pixels[pick], self.device), generator)

    def plain_images(self, step: int) -> torch.Tensor:
        """[PLAIN + FINE, 1, 256, 256]; half mirrored."""
        rng = np.random.default_rng([self.seed, step, 1])

        def draw(split: Split, count: int) -> torch.Tensor:
            return to_batch(split.pixels[rng.choice(len(split), count, replace=False)], self.device)

        coarse = upsample2(draw(self.coarse, PLAIN if self.fine else PLAIN + FINE))
        plain = torch.cat([coarse, draw(self.fine, FINE)]) if self.fine else coarse
        flips = torch.from_numpy(rng.random(len(plain)) < 0.5).to(self.device).view(-1, 1, 1, 1)
        return torch.where(flips, plain.flip(-1), plain)


@torch.no_grad()
def validate(encoder: nn.Module, decoder: nn.Module, head: HefNet, val: Split,
             device: torch.device) -> tuple[float, float]:
    """Macro-AUROC of the head, and PSNR in dB of the first images, on val."""
    logits, quality = [], []
    for i in range(0, len(val), 32):
        x = upsample2(to_batch(val.pixels[i:i + 32], device)).contiguous(memory_format=torch.channels_last)
        latent = encoder(x)
        logits.append(head(latent).cpu().numpy())
        if i < 64:
            quality.append(psnr(x, decoder(latent)))
    return macro(val.labels, np.concatenate(logits)), float(torch.cat(quality).mean())


def freeze_statistics(encoder: Encoder) -> None:
    """The trunks' batch norms keep the teachers' statistics: batches here mix three kinds of image."""
    encoder.trunks.eval()


def begin_with(nets: nn.ModuleDict, state: dict) -> None:
    """The weights of another codec; trunks that it lacks stay as they are."""
    missing, unexpected = nets.load_state_dict(state, strict=False)
    strange = [n for n in missing if not n.startswith(("encoder.trunks.", "encoder.laterals."))] + unexpected
    if strange:
        raise ValueError(f"not a codec to go on from: {strange[:3]}")


def train(args: argparse.Namespace) -> None:
    device = setup(args.seed, args.threads)
    batches = Batches(args, device)
    val = images(args, "val")
    count = len(val.findings)
    teachers = [load_teacher(args.cache / name, device) for name in args.teachers]
    channels = LATENTS[args.factor][0]
    nets = nn.ModuleDict({"encoder": Encoder(args.factor, args.trunks), "decoder": Decoder(args.factor),
                          "quantiser": Quantiser(channels), "discriminator": Discriminator(),
                          "head": HefNet(args.factor, args.dropout, findings=count)})
    encoder, decoder, quantiser, critic, head = nets.values()
    watch = RangeWatch(head, args.range_limit)
    for trunk, teacher in zip(encoder.trunks, teachers):
        known = teacher.state_dict()
        trunk.load_state_dict({k: known[k] for k in trunk.state_dict()})
    if args.start:
        begin_with(nets, torch.load(args.cache / args.start, map_location=device)["ema"])
    nets = nets.to(device).to(memory_format=torch.channels_last)
    slow = [p for n, p in encoder.named_parameters() if n.startswith("trunks.")]
    made = [p for n, p in nets.named_parameters()
            if not n.startswith(("encoder.trunks.", "discriminator."))]
    optimiser = torch.optim.AdamW([{"params": made}, {"params": slow}], betas=(0.9, 0.98), weight_decay=0.02)
    critic_optimiser = torch.optim.Adam(critic.parameters(), betas=(0.5, 0.9))
    ema, clock, step, path, history = Ema(nets, 0.998), Clock(), 0, args.cache / args.name, []
    if path.exists():
        saved = torch.load(path, map_location=device)
        nets.load_state_dict(saved["nets"])
        optimiser.load_state_dict(saved["optimiser"])
        critic_optimiser.load_state_dict(saved["critic_optimiser"])
        ema.state, step, clock, history = saved["ema"], saved["step"], Clock(saved["seconds"]), saved["history"]
    averaged = nn.ModuleDict({"encoder": Encoder(args.factor, args.trunks),
                              "decoder": Decoder(args.factor), "head": HefNet(args.factor, findings=count)})
    averaged = averaged.to(device).to(memory_format=torch.channels_last).eval()

    def save() -> None:
        save_atomic({"nets": nets.state_dict(), "ema": ema.state, "step": step, "history": history,
                     "optimiser": optimiser.state_dict(), "seconds": clock.spent(),
                     "critic_optimiser": critic_optimiser.state_dict(),
                     "flags": {k: v for k, v in vars(args).items() if k not in ("data", "cache")}}, path)

    adversarial_from = int(0.8 * args.steps)
    quantise_from = 0 if args.start else int(0.15 * args.steps)
    while step < args.steps and clock.spent() < args.minutes * 60:
        torch.manual_seed(args.seed * 7_000_003 + step)
        nets.train()
        freeze_statistics(encoder)
        rate = cosine(step, args.steps, 200, args.rate)
        set_rate(optimiser, rate)
        optimiser.param_groups[1]["lr"] = rate * args.trunk_rate
        set_rate(critic_optimiser, rate / 2)
        plain = batches.plain_images(step)
        task = args.task_weight > 0
        pick = batches.pick(step)
        seen128 = batches.labelled_images(pick, step) if task else plain[:0, :, ::2, ::2]
        everything = torch.cat([upsample2(seen128), plain]) if task else plain
        latents = encoder(everything.contiguous(memory_format=torch.channels_last))
        latent, plain = latents[len(seen128):], plain.contiguous(memory_format=torch.channels_last)
        commitment = torch.zeros((), device=device)
        mixed = latent
        if step >= quantise_from:
            if not quantiser.ready:
                quantiser.initialise(latent.detach())
            quantised, commitment, _ = quantiser(latent)
            # Half of each batch is decoded un-quantised: that is what the product decodes.
            keep = (torch.arange(len(latent), device=device) % 2 == 0).view(-1, 1, 1, 1)
            mixed = torch.where(keep, latent, quantised)
        fake = decoder(mixed)
        seen = fake.detach().requires_grad_()
        with torch.no_grad():
            real_features = teachers[0].features(half(plain))
        distance = perceptual(real_features, teachers[0].features(half(seen)))
        l1 = F.l1_loss(seen, plain)
        (gradient,) = torch.autograd.grad(l1 + args.perceptual_weight * distance, seen)
        if step >= adversarial_from:
            (push,) = torch.autograd.grad(-critic(seen).mean(), seen)
            gradient = gradient + args.adversarial_weight * push * gradient.norm() / (push.norm() + 1e-12)
        loss = args.commitment_weight * commitment
        bce = torch.zeros(())
        if task:
            logits = head(latents[:len(seen128)])
            bce = known_bce(logits, batches.labels[pick])
            apart = F.mse_loss(logits, teach(teachers, seen128.contiguous(memory_format=torch.channels_last)))
            loss = loss + args.task_weight * (bce + args.distil * apart + 0.01 * watch.take())
        optimiser.zero_grad()
        # In one pass: the image's gradient and the losses' own.
        torch.autograd.backward([fake, loss] if loss.requires_grad else [fake],
                                [gradient, torch.ones_like(loss)] if loss.requires_grad else [gradient])
        nn.utils.clip_grad_norm_(made + slow, 1.0)
        optimiser.step()
        keep_squares(head)
        if step >= adversarial_from:
            hinge = F.relu(1 - critic(plain)).mean() + F.relu(1 + critic(seen.detach())).mean()
            critic_optimiser.zero_grad()
            hinge.backward()
            critic_optimiser.step()
        step += 1
        ema.update(nets, step)
        if step % 50 == 0:
            print(f"step {step} {clock.spent():.0f}s l1 {l1.item():.4f} perc {distance.item():.4f} "
                  f"commit {float(commitment):.4f} bce {bce.item():.4f} std {latent.std().item():.2f}", flush=True)
        if step % args.validate_every == 0 or step == args.steps:
            averaged.load_state_dict({k: v for k, v in ema.state.items()
                                      if k.split(".")[0] in averaged})
            score, quality = validate(*averaged.values(), val, device)
            history.append({"step": step, "val": round(score, 4), "psnr": round(quality, 2)})
            print(f"step {step} {clock.spent():.0f}s val macro-AUROC {score:.4f} PSNR {quality:.2f} dB", flush=True)
            save()
        elif clock.due():
            save()
    save()
    print(f"done: step {step} {clock.spent():.0f}s")


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--name", default="vqgan.pt", help="checkpoint name inside the cache")
    parser.add_argument("--factor", type=int, choices=sorted(LATENTS), default=8)
    parser.add_argument("--trunks", type=int, default=2, help="teachers' trunks in the encoder")
    parser.add_argument("--start", default="", help="codec to go on from; it may have fewer trunks")
    parser.add_argument("--teachers", nargs="+", default=["teacher-a.pt", "teacher-b.pt"],
                        help="the first ones give the trunks, the first the perceptual features")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--minutes", type=float, default=170.0, help="stop (resumable) after this")
    parser.add_argument("--batch", type=int, default=24, help="labelled images of a step")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--trunk-rate", type=float, default=0.3, help="the trunk's learning rate, relative")
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--distil", type=float, default=0.25)
    parser.add_argument("--range-limit", type=float, default=6.0)
    parser.add_argument("--adversarial-weight", type=float, default=0.1,
                        help="norm of the adversarial gradient relative to the reconstruction's")
    parser.add_argument("--perceptual-weight", type=float, default=0.15)
    parser.add_argument("--commitment-weight", type=float, default=0.05)
    parser.add_argument("--task-weight", type=float, default=0.5)
    parser.add_argument("--validate-every", type=int, default=400)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
