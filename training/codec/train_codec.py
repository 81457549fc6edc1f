"""Trains the codec that is blind to findings: a VQGAN of one compression factor, on the image alone.

Losses: absolute and squared error, distance of a public ImageNet network's features, a critic's
opinion from `critic_from` on, the codebook's commitment, and the whiteness of the latent. No label
is read, and no network takes part that ever saw one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.codec.critic import Critic, hinge
from training.codec.imagenet import Features, perceptual
from training.codec.measure import codes_used, likeness
from training.codec.networks import Decoder, Encoder
from training.codec.quantiser import Quantiser
from training.codec.whiten import begin_white, fold, moments, whiteness
from training.latent import LATENT_LIMIT, LATENTS
from training.loop.checkpoint import Ema
from training.loop.images import augment, to_batch, upsample2
from training.loop.order import pick
from training.loop.precision import autocast
from training.loop.schedule import cosine, set_rate

PRINCIPAL = 1000  # films whose blocks give the principal components
WATCHED = 96  # val films whose likeness is measured while training


@dataclass(frozen=True)
class CodecFlags:
    """What a codec's run is; weights are relative to the absolute error, whose weight is 1."""

    factor: int = 8
    steps: int = 6_000
    batch: int = 16
    rate: float = 1e-3
    warmup: int = 200
    quantise_from: float = 0.1  # share of the steps
    critic_from: float = 0.6
    squared: float = 2.0
    perceptual: float = 0.1
    critic: float = 0.1  # norm of the critic's gradient relative to that of the other image losses
    commitment: float = 0.05
    white: float = 0.02
    excess: float = 0.5  # of latents beyond 3/4 of the limit to which they are clamped in the end
    watch_every: int = 250


def spread(films: np.ndarray, count: int) -> np.ndarray:
    """So many of the films, or all where there are fewer, evenly spread over them."""
    return films[np.linspace(0, len(films) - 1, min(len(films), count)).astype(int)]


class CodecWork:
    """One codec's training. `train` and `val` are uint8 films [N, 128, 128]."""

    def __init__(self, flags: CodecFlags, seed: int, train: np.ndarray, val: np.ndarray, device: torch.device,
                 features: Callable[[], Features]) -> None:
        torch.manual_seed(seed)
        self.flags, self.seed, self.device, self.steps = flags, seed, device, flags.steps
        self.train, self.val = train, val
        self.history: list[dict[str, float]] = []
        self.features = features().to(device).to(memory_format=torch.channels_last)
        encoder, decoder = Encoder(flags.factor), Decoder(flags.factor)
        films = to_batch(spread(train, PRINCIPAL), torch.device("cpu"))
        begin_white(encoder, decoder, films, upsample2(films))
        self.nets = nn.ModuleDict({"encoder": encoder, "decoder": decoder,
                                   "quantiser": Quantiser(LATENTS[flags.factor][0]), "critic": Critic()})
        self.nets = self.nets.to(device).to(memory_format=torch.channels_last)
        self.critic = self.nets["critic"]
        slow = [p for n, p in self.nets.named_parameters() if ".linear." in n]
        fast = [p for n, p in self.nets.named_parameters() if ".linear." not in n and not n.startswith("critic")]
        self.drawn = slow + fast
        self.optimiser = torch.optim.AdamW([{"params": fast}, {"params": slow}], betas=(0.9, 0.98), weight_decay=0.01)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), betas=(0.5, 0.9))
        self.ema = Ema(self.nets, 0.998)

    def films(self, step: int) -> torch.Tensor:
        """[N, 1, 128, 128]: half as they are, half changed as the classifier's views are."""
        plain = to_batch(self.train[pick(len(self.train), self.flags.batch, self.seed, step)], self.device)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        changed = augment(plain, generator, soften=0.1)
        half = (torch.arange(len(plain), device=self.device) % 2 == 0).view(-1, 1, 1, 1)
        return torch.where(half, plain, changed).contiguous(memory_format=torch.channels_last)

    def mixed(self, latent: torch.Tensor, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What is decoded, and the commitment loss. Half stays un-quantised: that is what the product decodes."""
        if step < self.flags.quantise_from * self.steps:
            return latent, latent.new_zeros(())
        quantiser = self.nets["quantiser"]
        if not quantiser.ready:
            quantiser.initialise(latent.detach())
        quantised, commitment, _ = quantiser(latent)
        keep = (torch.arange(len(latent), device=self.device) // 2 % 2 == 0).view(-1, 1, 1, 1)
        return torch.where(keep, latent, quantised), commitment

    def image_gradient(self, film: torch.Tensor, seen: torch.Tensor, judged: bool) -> tuple[torch.Tensor, str]:
        """The gradient of the image losses at the reconstruction `seen`, and the losses in words."""
        with torch.no_grad():
            real = self.features(film)
        distance = perceptual(real, self.features(seen))
        absolute, squared = F.l1_loss(seen, film), F.mse_loss(seen, film)
        (gradient,) = torch.autograd.grad(
            absolute + self.flags.squared * squared + self.flags.perceptual * distance, seen)
        if judged:
            (push,) = torch.autograd.grad(-self.critic(seen).mean(), seen)
            gradient = gradient + self.flags.critic * push * gradient.norm() / (push.norm() + 1e-12)
        return gradient, f"absolute {absolute.item():.4f} perceptual {distance.item():.4f}"

    def step(self, step: int) -> str:
        """One batch: the codec's step, then the critic's, then the average's."""
        flags, judged = self.flags, step >= self.flags.critic_from * self.steps
        self.nets.train()
        rate = cosine(step, self.steps, flags.warmup, flags.rate)
        set_rate(self.optimiser, rate)
        self.optimiser.param_groups[1]["lr"] = rate / 10
        set_rate(self.critic_optimiser, rate / 2)
        film = self.films(step)
        with autocast(self.device):
            latent = self.nets["encoder"](upsample2(film)).float()
        decoded, commitment = self.mixed(latent, step)
        with autocast(self.device):
            fake = self.nets["decoder"].film(decoded).float()
        seen = fake.detach().requires_grad_()
        gradient, words = self.image_gradient(film, seen, judged)
        beyond = F.relu(latent.abs() - 0.75 * LATENT_LIMIT).square().mean()
        loss = flags.commitment * commitment + flags.white * whiteness(latent) + flags.excess * beyond
        self.optimiser.zero_grad()
        torch.autograd.backward([fake, loss], [gradient, torch.ones_like(loss)])
        nn.utils.clip_grad_norm_(self.drawn, 1.0)
        self.optimiser.step()
        if judged:
            self.critic_optimiser.zero_grad()
            hinge(self.critic(film), self.critic(seen.detach())).backward()
            self.critic_optimiser.step()
        self.ema.update(self.nets, step + 1)
        if (step + 1) % flags.watch_every and step + 1 < self.steps:
            return ""
        return f"{words} commitment {commitment.item():.3f} {self.watch(step + 1)}"

    def averaged(self) -> nn.ModuleDict:
        """Encoder, decoder and quantiser with averaged weights."""
        nets = nn.ModuleDict({"encoder": Encoder(self.flags.factor), "decoder": Decoder(self.flags.factor),
                              "quantiser": Quantiser(LATENTS[self.flags.factor][0])})
        nets.load_state_dict({k: v for k, v in self.ema.state.items() if not k.startswith("critic.")})
        return nets.to(self.device).to(memory_format=torch.channels_last).eval().requires_grad_(False)

    def watch(self, step: int) -> str:
        """Measure the averaged codec on some val films, remember it, and say it."""
        nets = self.averaged()
        found = likeness(nets["encoder"], nets["decoder"], self.val[:WATCHED], self.device)
        self.history.append({"step": step, **found})
        return f"val PSNR {found['psnr']:.2f} dB SSIM {found['ssim']:.4f} MS-SSIM {found['msSsim']:.4f}"

    def state(self) -> dict[str, Any]:
        return {"nets": self.nets.state_dict(), "ema": self.ema.state, "history": self.history,
                "optimiser": self.optimiser.state_dict(), "criticOptimiser": self.critic_optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.nets.load_state_dict(state["nets"])
        self.ema.load(state["ema"])
        self.history = state["history"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.critic_optimiser.load_state_dict(state["criticOptimiser"])

    @torch.no_grad()
    def whitened(self) -> tuple[nn.ModuleDict, float]:
        """The averaged codec, whose latent is exactly white over plain train films and clamped from then on, and
        the largest number before the clamp."""
        nets = self.averaged()
        some = spread(self.train, 2 * PRINCIPAL)
        latents = torch.cat([nets["encoder"](upsample2(to_batch(some[i:i + 32], self.device)))
                             for i in range(0, len(some), 32)])
        mean, covariance = moments(latents.double())
        variances, directions = torch.linalg.eigh(covariance)
        matrix = directions @ torch.diag(variances.rsqrt()) @ directions.T
        fold(nets["encoder"], nets["decoder"], mean.float(), matrix.float())
        quantiser = nets["quantiser"]
        quantiser.codebook.copy_(((quantiser.codebook.double() - mean) @ matrix.T).float())
        highest = torch.einsum("oc,nchw->nohw", matrix, latents.double() - mean.view(1, -1, 1, 1)).abs().max()
        nets["encoder"].limit = LATENT_LIMIT
        return nets, float(highest)

    def weights(self) -> dict[str, Any]:
        """What later runs load with `load_codec`."""
        nets, highest = self.whitened()
        return {"factor": self.flags.factor, "highest": highest, "limit": LATENT_LIMIT,
                "nets": {k: v.cpu() for k, v in nets.state_dict().items()}}

    def figures(self) -> dict[str, Any]:
        """Likeness over all val films, from latents and from codes."""
        nets, highest = self.whitened()
        encoder, decoder, quantiser = nets["encoder"], nets["decoder"], nets["quantiser"]
        channels, side = LATENTS[self.flags.factor]
        return {"factor": self.flags.factor, "latentShape": [channels, side, side],
                "films": len(self.train), "limit": LATENT_LIMIT, "highest": round(highest, 3),
                "encoderParameters": sum(p.numel() for p in encoder.parameters()),
                "decoderParameters": sum(p.numel() for p in decoder.parameters()),
                "codebook": {"codes": len(quantiser.codebook),
                             "usedOnVal": codes_used(encoder, quantiser, self.val, self.device)},
                "px128Val": {"images": len(self.val), **likeness(encoder, decoder, self.val, self.device),
                             "quantised": likeness(encoder, decoder, self.val, self.device, quantiser)},
                "flagsInFull": asdict(self.flags), "history": self.history}


def load_codec(saved: dict[str, Any], device: torch.device) -> tuple[Encoder, Decoder]:
    """The encoder, which clamps, and the decoder that `CodecWork.weights` stored."""
    encoder, decoder = Encoder(saved["factor"]), Decoder(saved["factor"])
    for name, net in (("encoder.", encoder), ("decoder.", decoder)):
        net.load_state_dict({k[len(name):]: v for k, v in saved["nets"].items() if k.startswith(name)})
        net.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    encoder.limit = saved["limit"]
    return encoder, decoder
