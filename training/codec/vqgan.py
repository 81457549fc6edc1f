"""The VQGAN at compression factors f = 2, 4, 8, 16: 1 x 256 x 256 image <-> latent, after Esser et al.
2021 and Kim et al. 2025 (arXiv 2506.15258). The product sends the un-quantised encoder output; the
codebook regularises it during training.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from training.latent import LATENT_LIMIT, LATENTS
from training.teacher.network import WIDTHS, Trunk

PYRAMID = 48  # channels at which the trunk's stages are summed


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(8, channels)


class ResidualBlock(nn.Module):
    """x + conv(SiLU(norm(conv(SiLU(norm(x)))))) at constant width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1),
            norm(channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class Encoder(nn.Module):
    """[N, 1, 256, 256] in [-1, 1] -> latent [N, channels, side, side].

    Strided convolutions keep what the decoder needs. Beside them the teachers' trunks see the image at
    128 px, and their stages, summed from coarse to fine, say at every position what the image shows around
    it: so that the shallow classifier, which nobody sees in plain, need not find that out from detail.
    `trunks=0` leaves them out, for comparison; trunks after the first begin without a say. The last
    convolution has a bias and nothing after it but a clamp, once the latent is normalised, so that an
    affine change folds into it.
    """

    WIDTHS = (16, 32, 48, 96)

    def __init__(self, factor: int = 8, trunks: int = 2) -> None:
        super().__init__()
        self.factor = factor
        channels, side = LATENTS[factor]
        halvings = factor.bit_length() - 1
        stem: list[nn.Module] = [nn.Conv2d(1, 16, 4, 2, 1)]
        for inputs, outputs in zip(self.WIDTHS[:halvings - 1], self.WIDTHS[1:]):
            stem += [norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 4, 2, 1)]
        width = self.WIDTHS[halvings - 1]
        self.stem = nn.Sequential(*stem, ResidualBlock(width))
        self.trunks = nn.ModuleList(Trunk() for _ in range(trunks))
        # Stages at sides 64, 32, 16, 8, 4; those that are not finer than the latent.
        self.stages = [k for k in range(len(WIDTHS)) if 64 >> k <= side]
        self.laterals = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(WIDTHS[k], PYRAMID, 1) for k in self.stages) for _ in range(trunks))
        for further in self.laterals[1:]:
            for lateral in further:
                nn.init.zeros_(lateral.weight)
                nn.init.zeros_(lateral.bias)
        if trunks > 0:
            self.blend = nn.Conv2d(PYRAMID, width, 1)
        self.fuse = nn.Sequential(ResidualBlock(width), norm(width), nn.SiLU())
        self.last = nn.Conv2d(width, channels, 3, 1, 1)
        self.limit = float("inf")

    def context(self, image: torch.Tensor, side: int) -> torch.Tensor:
        """What the trunks see, at the latent's side."""
        small = F.avg_pool2d(image, 2)
        seen = [trunk.features(small) for trunk in self.trunks]
        total = None
        for place, k in reversed(list(enumerate(self.stages))):
            here = sum(laterals[place](stages[k]) for laterals, stages in zip(self.laterals, seen))
            total = here if total is None else here + F.interpolate(total, scale_factor=2, mode="nearest")
        while total.shape[-1] < side:
            total = F.interpolate(total, scale_factor=2, mode="nearest")
        return self.blend(total)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)
        if len(self.trunks) > 0:
            x = x + self.context(image, LATENTS[self.factor][1])
        latent = self.last(self.fuse(x))
        return latent if self.limit == float("inf") else latent.clamp(-self.limit, self.limit)


def grow(inputs: int, outputs: int) -> nn.Sequential:
    """Double the side: 3x3 convolution and sub-pixel rearrangement."""
    return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, 1, 1), nn.PixelShuffle(2))


class Decoder(nn.Sequential):
    """Latent -> image [N, 1, 256, 256]; the first conv is 1x1, so that an affine change of the latent
    folds into it exactly (no padding involved)."""

    WIDTHS = {2: (16,), 4: (32, 16), 8: (64, 32, 16), 16: (96, 64, 32, 16)}

    def __init__(self, factor: int = 8) -> None:
        widths = self.WIDTHS[factor]
        layers: list[nn.Module] = [nn.Conv2d(LATENTS[factor][0], widths[0], 1), ResidualBlock(widths[0])]
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [norm(inputs), nn.SiLU(), grow(inputs, outputs)]
            if outputs >= 32:
                layers.append(ResidualBlock(outputs))
        super().__init__(*layers, norm(widths[-1]), nn.SiLU(), grow(widths[-1], 1))


class Quantiser(nn.Module):
    """Nearest-code quantiser; the codebook follows an exponential average of its latents."""

    def __init__(self, channels: int = 4, codes: int = 1024, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("codebook", torch.zeros(codes, channels))
        self.register_buffer("count", torch.ones(codes))
        self.register_buffer("total", torch.zeros(codes, channels))
        self.register_buffer("ready", torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def initialise(self, latent: torch.Tensor) -> None:
        """Take random latent vectors as the first codes."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        self.codebook.copy_(flat[torch.randperm(len(flat))[:len(self.codebook)]])
        self.total.copy_(self.codebook)
        self.ready.fill_(True)

    @torch.no_grad()
    def nearest(self, latent: torch.Tensor) -> torch.Tensor:
        """Code index per position, [N * h * w]."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        squares = (self.codebook ** 2).sum(1)
        parts = [(squares - 2 * part @ self.codebook.t()).argmin(1) for part in flat.split(16384)]
        return torch.cat(parts)

    def lookup(self, index: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        n, c, h, w = like.shape
        return self.codebook[index].view(n, h, w, c).permute(0, 3, 1, 2)

    @torch.no_grad()
    def follow(self, latent: torch.Tensor, index: torch.Tensor) -> None:
        """Move each used code towards its latents; restart codes that nothing uses."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        used = torch.bincount(index, minlength=len(self.count)).float()
        sums = torch.zeros_like(self.total).index_add_(0, index, flat)
        self.count.lerp_(used, 1 - self.decay)
        self.total.lerp_(sums, 1 - self.decay)
        dead = self.count < 0.03
        if dead.any():
            fresh = flat[torch.randint(0, len(flat), (int(dead.sum()),))]
            self.total[dead], self.count[dead] = fresh, 1.0
        self.codebook.copy_(self.total / self.count.unsqueeze(1))

    def forward(self, latent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Straight-through quantised latent, commitment loss, code indices."""
        index = self.nearest(latent)
        codes = self.lookup(index, latent)
        if self.training:
            self.follow(latent.detach(), index)
        return latent + (codes - latent).detach(), F.mse_loss(latent, codes.detach()), index


class Discriminator(nn.Sequential):
    """Patch discriminator: [N, 1, 256, 256] -> realness [N, 1, 30, 30]."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(16, 32, 4, 2, 1), norm(32), nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1), norm(64), nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3))


def load_vqgan(path: Path, device: torch.device) -> tuple[Encoder, Decoder, dict]:
    """Encoder and decoder with averaged weights, and the checkpoint; a normalised one's encoder clamps."""
    saved = torch.load(path, map_location=device)
    flags = saved["flags"]
    encoder, decoder = Encoder(flags["factor"], flags["trunks"]), Decoder(flags["factor"])
    for key, net in (("encoder.", encoder), ("decoder.", decoder)):
        net.load_state_dict({k[len(key):]: v for k, v in saved["ema"].items() if k.startswith(key)})
        net.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    if "mean" in saved:
        encoder.limit = LATENT_LIMIT
    return encoder, decoder, saved
