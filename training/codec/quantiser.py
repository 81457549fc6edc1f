"""The codebook: what regularises the latent while the codec is trained. The product sends un-quantised latents."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

DEAD = 0.03  # a code whose averaged count of uses per batch is lower is drawn anew


class Quantiser(nn.Module):
    """Nearest-code quantiser; each code follows an exponential average of the latents that chose it."""

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
        self.codebook.copy_(flat[torch.randint(0, len(flat), (len(self.codebook),), device=flat.device)])
        self.total.copy_(self.codebook)
        self.count.fill_(1.0)
        self.ready.fill_(True)

    @torch.no_grad()
    def nearest(self, latent: torch.Tensor) -> torch.Tensor:
        """Code index per position, [N * h * w]."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        squares = (self.codebook ** 2).sum(1)
        return torch.cat([torch.addmm(squares, part, self.codebook.t(), alpha=-2).argmin(1)
                          for part in flat.split(4096)])

    def lookup(self, index: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """The codes at `index` in the shape of the latent `like`."""
        n, c, h, w = like.shape
        return self.codebook[index].view(n, h, w, c).permute(0, 3, 1, 2)

    @torch.no_grad()
    def follow(self, latent: torch.Tensor, index: torch.Tensor) -> None:
        """Move each used code towards its latents; draw codes that nothing uses anew from the batch."""
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        used = torch.bincount(index, minlength=len(self.count)).float()
        sums = torch.zeros_like(self.total).index_add_(0, index, flat)
        self.count.lerp_(used, 1 - self.decay)
        self.total.lerp_(sums, 1 - self.decay)
        dead = self.count < DEAD
        if dead.any():
            fresh = flat[torch.randint(0, len(flat), (int(dead.sum()),), device=flat.device)]
            self.total[dead], self.count[dead] = fresh, 1.0
        self.codebook.copy_(self.total / self.count.unsqueeze(1))

    def forward(self, latent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The quantised latent with a straight-through gradient, the commitment loss, and the code indices."""
        index = self.nearest(latent)
        codes = self.lookup(index, latent)
        if self.training:
            self.follow(latent.detach(), index)
        return latent + (codes - latent).detach(), F.mse_loss(latent, codes.detach()), index
