"""Films made into something else: what the input gate is to refuse, and what the networks' ranges are to bear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

Change = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def turned(quarters: int) -> Change:
    """Turned by so many quarters."""
    return lambda x, _: torch.rot90(x, quarters, (2, 3))


def enlarged(top: int, left: int, size: int) -> Change:
    """A square part, enlarged to the whole film."""
    return lambda x, _: F.interpolate(x[:, :, top:top + size, left:left + size], size=128, mode="bilinear",
                                      align_corners=False)


def half_black(x: torch.Tensor, _: torch.Generator) -> torch.Tensor:
    """The left half is black."""
    return torch.cat([torch.full_like(x[..., :64], -1.0), x[..., 64:]], 3)


def margins(x: torch.Tensor, _: torch.Generator) -> torch.Tensor:
    """The film, made smaller, within black margins of a sixth of the side."""
    return F.pad(F.interpolate(x, size=86, mode="bilinear", align_corners=False), (21, 21, 21, 21), value=-1.0)


def noise(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Gray values without order."""
    return (torch.rand(x.shape, generator=generator) * 2 - 1).to(x.device)


def clouds(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Smooth noise."""
    coarse = torch.rand(len(x), 1, 8, 8, generator=generator) * 2 - 1
    return F.interpolate(coarse, size=128, mode="bicubic", align_corners=False).clamp(-1, 1).to(x.device)


def bars(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Test patterns: gratings of any direction and width."""
    n = len(x)
    angle, width, phase = (torch.rand(n, 1, 1, generator=generator) for _ in range(3))
    y, t = torch.meshgrid(torch.linspace(0, 1, 128), torch.linspace(0, 1, 128), indexing="ij")
    along = t * torch.cos(np.pi * angle) + y * torch.sin(np.pi * angle)
    return torch.sign(torch.sin((4 + 40 * width) * along + 6 * phase)).unsqueeze(1).to(x.device)


def shuffled(x: torch.Tensor, _: torch.Generator) -> torch.Tensor:
    """The four quarters in another order."""
    a, b = x.chunk(2, 2)
    (p, q), (r, s) = a.chunk(2, 3), b.chunk(2, 3)
    return torch.cat([torch.cat([s, r], 3), torch.cat([q, p], 3)], 2)


# Each takes [N, 1, 128, 128] in [-1, 1] and a generator on the CPU.
CHANGES: dict[str, Change] = {
    "inverted": lambda x, _: -x, "turned by 90": turned(1), "turned by 180": turned(2), "turned by 270": turned(3),
    "upside down": lambda x, _: x.flip(2), "middle third": enlarged(43, 43, 42), "upper half": enlarged(0, 32, 64),
    "cut by a sixth": enlarged(11, 11, 107), "left half black": half_black, "in margins": margins,
    "darkened": lambda x, _: (x + 1) * 0.3 - 1, "quarters exchanged": shuffled, "noise": noise,
    "smooth noise": clouds, "gratings": bars, "one gray": lambda x, _: x.mean((2, 3), keepdim=True).expand_as(x),
}
