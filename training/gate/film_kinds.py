"""What the film check tells apart, and films made into each of it.

A film is turned by so many quarters to the left after it was mirrored or not; `KINDS` begins with these eight ways, upright
first, number `quarters + 4 * mirrored`. Films are [N, 1, 128, 128] in [-1, 1], generators are on the CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from training.gate.phantoms import phantoms
from training.loop.alter import bars, clouds, noise, shuffled
from training.loop.images import augment

KINDS = ("upright", "turned left", "upside down", "turned right", "mirrored", "mirrored and turned left",
         "mirrored and upside down", "mirrored and turned right", "inverted", "part of a chest", "no chest")
INVERTED, PART, OTHER = 8, 9, 10
SIDE = 128
# How often each kind is drawn: half are upright, because what must not be refused counts most.
SHARES = torch.tensor([0.42, 0.05, 0.06, 0.05, 0.07, 0.02, 0.03, 0.02, 0.06, 0.14, 0.08])


def turned(films: torch.Tensor, way: int) -> torch.Tensor:
    """Films made to lie in one of the first eight ways."""
    return torch.rot90(films.flip(3) if way >= 4 else films, way % 4, (2, 3))


def part_of(film: torch.Tensor, top: int, left: int, height: int, width: int) -> torch.Tensor:
    """A part of one film [1, S, S], stretched to the whole."""
    return F.interpolate(film[None, :, top:top + height, left:left + width], size=SIDE, mode="bilinear",
                         align_corners=False)[0]


def between(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))


def cut(film: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A part that is too small for a chest film: a half to the left or right, above or below, as stretched or before
    blackness, or a window of a quarter to three fifths of the side."""
    form = int(torch.randint(0, 8, (), generator=generator))
    keep = int(SIDE * between(generator, 0.36, 0.6))
    far = SIDE - keep
    if form in (0, 1):
        return part_of(film, 0, far * form, SIDE, keep)
    if form in (2, 3):
        return part_of(film, far * (form - 2), 0, keep, SIDE)
    if form in (4, 5):
        covered = film.clone()
        columns = slice(0, far) if form == 4 else slice(keep, SIDE)
        covered[:, :, columns] = -1.0 if float(torch.rand((), generator=generator)) < 0.8 else float(film.mean())
        return covered
    size = int(SIDE * between(generator, 0.25, 0.6))
    top, left = (int(between(generator, 0, SIDE - size + 1)) for _ in range(2))
    if form == 6:
        return part_of(film, top, left, size, size)
    height = int(SIDE * between(generator, 0.5, 1.0))
    return part_of(film, int(between(generator, 0, SIDE - height + 1)), far * (size % 2), height, keep)


def other(films: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """No chest films: phantoms of other parts of the body, quarters in another order, noise and patterns."""
    forms = torch.randint(0, 10, (len(films),), generator=generator)
    made = phantoms(len(films), SIDE, generator)
    for form, change in ((6, shuffled), (7, noise), (8, clouds), (9, bars)):
        chosen = forms == form
        if chosen.any():
            made[chosen] = change(films[chosen], generator)
    return made


def bordered(films: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A quarter of the films get black or white bars of up to a fifth of the side, as where the field is smaller."""
    films = films.clone()
    for film in films:
        if float(torch.rand((), generator=generator)) > 0.25:
            continue
        shade = -1.0 if float(torch.rand((), generator=generator)) < 0.85 else 1.0
        top, bottom, left, right = (int(SIDE * 0.2 * float(torch.rand((), generator=generator)) ** 2) for _ in range(4))
        film[:, :top], film[:, SIDE - bottom:] = shade, shade
        film[:, :, :left], film[:, :, SIDE - right:] = shade, shade
    return films


def exposed(films: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Windows and exposures of other hospitals: the gray range narrowed, shifted and clipped."""
    n = len(films)
    low, high = (torch.rand(n, 1, 1, 1, generator=generator) * 0.5 for _ in range(2))
    some = torch.rand(n, 1, 1, 1, generator=generator) < 0.35
    windowed = ((films + 1 - low) / (2 - low - high) * 2 - 1).clamp(-1, 1)
    dull = torch.rand(n, 1, 1, 1, generator=generator) < 0.2
    films = torch.where(some, windowed, films)
    gain = 0.25 + 0.75 * torch.rand(n, 1, 1, 1, generator=generator)
    return torch.where(dull, (films + 1) * gain - 1, films)


def draw(films: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Films made into kinds drawn at random, and the numbers of these kinds."""
    kinds = torch.multinomial(SHARES, len(films), replacement=True, generator=generator)
    x = augment(films, generator, mirror=False, soften=0.1)
    for kind in range(1, 8):
        chosen = kinds == kind
        if chosen.any():
            x[chosen] = turned(x[chosen], kind)
    for index in torch.nonzero(kinds == PART).flatten().tolist():
        x[index] = cut(x[index], generator)
    chosen = kinds == OTHER
    if chosen.any():
        x[chosen] = other(x[chosen], generator)
    x = exposed(bordered(x, generator), generator)
    for index in torch.nonzero(kinds == INVERTED).flatten().tolist():
        way = 0 if float(torch.rand((), generator=generator)) < 0.8 else int(torch.randint(1, 8, (), generator=generator))
        x[index] = -turned(x[index:index + 1], way)[0]
    # Parts and other things come in every position.
    for index in torch.nonzero(kinds >= PART).flatten().tolist():
        if float(torch.rand((), generator=generator)) < 0.5:
            x[index] = turned(x[index:index + 1], int(torch.randint(1, 8, (), generator=generator)))[0]
    return x, kinds
