"""Train the VQGAN on the train split of px128 (reduced) and px256 (true detail).

Loss = L1 + perceptual (teacher features) + commitment + adversarial hinge after a warm-up
+ an optional small task loss of a probe on the latent (px128 images only: the labels of
px256 are never used, because resolution leaks them).
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import (Clock, Ema, augment, base_parser, cosine, save_atomic, set_rate, setup,
                    to_batch, upsample2)
from data import Split, load_split
from metrics import psnr
from teacher import Teacher
from vqgan import Decoder, Discriminator, Encoder, LatentProbe, Quantiser


def load_teacher(path: object, device: torch.device) -> Teacher:
    """The averaged teacher, frozen."""
    teacher = Teacher().to(device).to(memory_format=torch.channels_last)
    teacher.load_state_dict(torch.load(path, map_location=device)["ema"])
    return teacher.eval().requires_grad_(False)


def half(images: torch.Tensor) -> torch.Tensor:
    """[N, 1, 256, 256] -> the teacher's [N, 1, 128, 128]."""
    return F.avg_pool2d(images, 2)


def perceptual(real: list[torch.Tensor], fake: list[torch.Tensor]) -> torch.Tensor:
    """Mean over the teacher's stages of the relative squared feature error."""
    parts = [F.mse_loss(f, r) / (r.pow(2).mean() + 1e-6) for r, f in zip(real, fake)]
    return torch.stack(parts).mean()


def draw(step: int, seed: int, coarse: Split, fine: Split, batch: int,
         device: torch.device) -> tuple[torch.Tensor, np.ndarray]:
    """A batch [batch, 1, 256, 256]: three quarters px128 (half of them augmented), rest px256."""
    rng = np.random.default_rng([seed, step])
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    n = batch * 3 // 4
    pick = rng.choice(len(coarse), n, replace=False)
    a = to_batch(coarse.pixels[pick], device)
    a = torch.cat([a[:n // 2], augment(a[n // 2:], generator)])
    b = to_batch(fine.pixels[rng.choice(len(fine), batch - n, replace=False)], device)
    images = torch.cat([upsample2(a), b])
    flips = torch.from_numpy(rng.random(batch) < 0.5).to(device).view(-1, 1, 1, 1)
    images = torch.where(flips, images.flip(-1), images)
    return images.contiguous(memory_format=torch.channels_last), pick


@torch.no_grad()
def validate(encoder: nn.Module, decoder: nn.Module, images: torch.Tensor) -> float:
    """Mean PSNR in dB through the un-quantised latent."""
    return float(psnr(images, decoder(encoder(images))).mean())


def train(args: argparse.Namespace) -> None:
    device = setup(args.seed, args.threads)
    coarse, fine = (load_split(args.data, f, "train", args.cache) for f in ("px128", "px256"))
    look = upsample2(to_batch(load_split(args.data, "px128", "val", args.cache).pixels[:32], device))
    teacher = load_teacher(args.cache / "teacher.pt", device)
    nets = nn.ModuleDict({"encoder": Encoder(), "decoder": Decoder(), "quantiser": Quantiser(),
                          "probe": LatentProbe(), "discriminator": Discriminator()})
    nets = nets.to(device).to(memory_format=torch.channels_last)
    encoder, decoder, quantiser, probe, critic = nets.values()
    made = [p for k in ("encoder", "decoder", "probe") for p in nets[k].parameters()]
    optimiser = torch.optim.AdamW(made, betas=(0.9, 0.98), weight_decay=0.01)
    critic_optimiser = torch.optim.Adam(critic.parameters(), betas=(0.5, 0.9))
    labels = torch.from_numpy(coarse.labels).to(device)
    ema, clock, step, path = Ema(nets, 0.998), Clock(), 0, args.cache / args.name
    if path.exists():
        saved = torch.load(path, map_location=device)
        nets.load_state_dict(saved["nets"])
        optimiser.load_state_dict(saved["optimiser"])
        critic_optimiser.load_state_dict(saved["critic_optimiser"])
        ema.state, step, clock = saved["ema"], saved["step"], Clock(saved["seconds"])

    def save() -> None:
        save_atomic({"nets": nets.state_dict(), "ema": ema.state, "step": step,
                     "optimiser": optimiser.state_dict(), "seconds": clock.spent(),
                     "critic_optimiser": critic_optimiser.state_dict(),
                     "flags": {k: v for k, v in vars(args).items() if k not in ("data", "cache")}}, path)

    while step < args.steps and clock.spent() < args.minutes * 60:
        torch.manual_seed(args.seed * 7_000_003 + step)
        images, pick = draw(step, args.seed, coarse, fine, args.batch, device)
        rate = cosine(step, args.steps, 200, args.rate)
        set_rate(optimiser, rate)
        set_rate(critic_optimiser, rate / 2)
        latent = encoder(images)
        commitment = torch.zeros((), device=device)
        mixed = latent
        if step >= args.quantise_from:
            if not quantiser.ready:
                quantiser.initialise(latent.detach())
            quantised, commitment, _ = quantiser(latent)
            # Half of each batch is decoded un-quantised: that is what the product decodes.
            keep = (torch.arange(len(latent), device=device) % 2 == 0).view(-1, 1, 1, 1)
            mixed = torch.where(keep, latent, quantised)
        fake = decoder(mixed)
        with torch.no_grad():
            real_features = teacher.features(half(images))
            target = teacher.logits(real_features)[:len(pick)]
        seen = fake.detach().requires_grad_()
        distance = perceptual(real_features, teacher.features(half(seen)))
        l1 = F.l1_loss(seen, images)
        (gradient,) = torch.autograd.grad(l1 + args.perceptual_weight * distance, seen)
        adversarial = step >= args.adversarial_from
        if adversarial:
            (push,) = torch.autograd.grad(-critic(seen).mean(), seen)
            gradient = gradient + args.adversarial_weight * push * gradient.norm() / (push.norm() + 1e-12)
        logits = probe(latent[:len(pick)])
        task = F.binary_cross_entropy_with_logits(logits, labels[pick]) + 0.25 * F.mse_loss(logits, target)
        optimiser.zero_grad()
        torch.autograd.backward([fake, args.commitment_weight * commitment + args.task_weight * task],
                                [gradient, torch.ones((), device=device)])
        nn.utils.clip_grad_norm_(made, 1.0)
        optimiser.step()
        if adversarial:
            hinge = F.relu(1 - critic(images)).mean() + F.relu(1 + critic(seen.detach())).mean()
            critic_optimiser.zero_grad()
            hinge.backward()
            critic_optimiser.step()
        step += 1
        ema.update(nets, step)
        if step % 50 == 0:
            print(f"step {step} {clock.spent():.0f}s l1 {l1.item():.4f} perc {distance.item():.4f} "
                  f"commit {commitment.item():.4f} task {task.item():.4f} std {latent.std().item():.2f}",
                  flush=True)
        if clock.due():
            save()
            print(f"step {step} val PSNR {validate(encoder, decoder, look):.2f} dB", flush=True)
    save()
    print(f"done: step {step} {clock.spent():.0f}s")


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--name", default="vqgan.pt", help="checkpoint name inside the cache")
    parser.add_argument("--steps", type=int, default=1900)
    parser.add_argument("--minutes", type=float, default=240.0, help="stop (resumable) after this")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--quantise-from", type=int, default=300)
    parser.add_argument("--adversarial-from", type=int, default=1500)
    parser.add_argument("--adversarial-weight", type=float, default=0.1,
                        help="norm of the adversarial gradient relative to the reconstruction's")
    parser.add_argument("--perceptual-weight", type=float, default=0.15)
    parser.add_argument("--commitment-weight", type=float, default=0.05)
    parser.add_argument("--task-weight", type=float, default=0.1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
