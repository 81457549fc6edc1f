"""Drawings that stand for radiographs of other parts of the body, where there are too few real ones to teach from.

Each is made of soft tissue, bones and background, which are ellipses and bars with soft edges. They are crude: what they
teach is that bright shapes on a dark ground are no chest.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


class Canvas:
    """One picture of S x S, in [0, 1], to which soft shapes are added."""

    def __init__(self, side: int, generator: torch.Generator) -> None:
        self.generator = generator
        axis = torch.linspace(-1, 1, side)
        self.y, self.x = torch.meshgrid(axis, axis, indexing="ij")
        self.picture = torch.zeros(side, side)

    def chance(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.generator))

    def ellipse(self, at: tuple[float, float], radii: tuple[float, float], shade: float, angle: float = 0.0,
                edge: float = 0.05) -> None:
        """Add an ellipse around (x, y)."""
        dx, dy = self.x - at[0], self.y - at[1]
        u = dx * math.cos(angle) + dy * math.sin(angle)
        v = dy * math.cos(angle) - dx * math.sin(angle)
        inside = 1 - torch.sqrt((u / radii[0]) ** 2 + (v / radii[1]) ** 2)
        self.picture += shade * torch.sigmoid(inside / edge)

    def bone(self, start: tuple[float, float], end: tuple[float, float], width: float, shade: float) -> None:
        """Add a bar between two points with brighter rims, as a long bone has."""
        ax, ay = end[0] - start[0], end[1] - start[1]
        length = math.hypot(ax, ay)
        along = ((self.x - start[0]) * ax + (self.y - start[1]) * ay) / length
        across = ((self.x - start[0]) * ay - (self.y - start[1]) * ax).abs() / length
        within = torch.sigmoid(along / 0.03) * torch.sigmoid((length - along) / 0.03)
        body = torch.sigmoid((width - across) / 0.015) - 0.35 * torch.sigmoid((0.6 * width - across) / 0.015)
        self.picture += shade * within * body


def limb(c: Canvas) -> None:
    """One or two long bones in soft tissue."""
    tilt, both = c.chance(-0.4, 0.4), c.chance(0, 1) < 0.6
    half = c.chance(0.25, 0.6)
    c.ellipse((0, 0), (half, 1.6), c.chance(0.25, 0.45), tilt)
    for side in ((-1, 1) if both else (0,)):
        x = side * half * 0.4
        c.bone((x + tilt, -1.1), (x - tilt, 1.1), c.chance(0.08, 0.2), c.chance(0.3, 0.6))
    if c.chance(0, 1) < 0.5:
        c.ellipse((0, c.chance(-0.3, 0.3)), (half * 0.8, 0.25), c.chance(0.2, 0.4))


def hand(c: Canvas) -> None:
    """A palm and four or five fingers of several bones."""
    c.ellipse((0, 0.45), (0.5, 0.5), c.chance(0.2, 0.35))
    fingers = 4 + int(c.chance(0, 2))
    for k in range(fingers):
        angle = (k - (fingers - 1) / 2) * c.chance(0.16, 0.3)
        x, y = 0.2 * (k - (fingers - 1) / 2), 0.3
        for length in (0.42, 0.3, 0.22, 0.16):
            end = (x + length * math.sin(angle), y - length * math.cos(angle))
            c.bone((x, y), end, 0.055, c.chance(0.35, 0.6))
            c.ellipse(((x + end[0]) / 2, (y + end[1]) / 2), (0.11, length * 0.7), 0.15, -angle)
            x, y = end[0] + 0.02 * math.sin(angle), end[1] - 0.02 * math.cos(angle)
    c.bone((-0.12, 0.9), (-0.15, 1.3), 0.13, 0.5)


def pelvis(c: Canvas) -> None:
    """Two wings, two hips and a spine in a broad body."""
    c.ellipse((0, 0), (c.chance(0.85, 1.3), 1.3), c.chance(0.25, 0.4))
    for side in (-1, 1):
        c.ellipse((side * 0.5, -0.2), (0.38, 0.5), c.chance(0.15, 0.35), side * 0.4)
        c.ellipse((side * 0.6, 0.45), (0.2, 0.2), c.chance(0.25, 0.45))
        c.bone((side * 0.65, 0.5), (side * 0.7, 1.3), 0.14, c.chance(0.3, 0.5))
        c.ellipse((side * 0.25, 0.6), (0.2, 0.14), -c.chance(0.05, 0.2))
    c.bone((0, -1.2), (0, 0.1), 0.17, c.chance(0.25, 0.45))


def skull(c: Canvas) -> None:
    """A bright ring, filled, with a jaw."""
    c.ellipse((0, -0.15), (c.chance(0.6, 0.85), c.chance(0.65, 0.85)), c.chance(0.4, 0.6))
    c.ellipse((0, -0.15), (0.6, 0.62), -c.chance(0.1, 0.25))
    c.ellipse((c.chance(-0.2, 0.3), 0.45), (0.4, 0.3), c.chance(0.2, 0.4))
    for side in (-1, 1):
        c.ellipse((side * 0.25, 0.1), (0.14, 0.11), -c.chance(0.1, 0.25))


def spine(c: Canvas) -> None:
    """A column of blocks in an even body, as an abdomen or a spine from the side."""
    c.ellipse((0, 0), (c.chance(0.5, 1.4), 1.8), c.chance(0.3, 0.5))
    bend, x0, width = c.chance(-0.3, 0.3), c.chance(-0.4, 0.4), c.chance(0.12, 0.28)
    for k in range(-4, 5):
        c.ellipse((x0 + bend * (k / 4) ** 2, k * 0.26), (width, 0.1), c.chance(0.2, 0.4))
    for _ in range(int(c.chance(0, 5))):
        c.ellipse((c.chance(-0.8, 0.8), c.chance(-0.8, 0.8)), (0.18, 0.12), -c.chance(0.05, 0.2), c.chance(0, 3))


def body(c: Canvas) -> None:
    """A whole figure, small, as in bone scans and scouts."""
    c.ellipse((0, -0.8), (0.13, 0.16), c.chance(0.4, 0.7))
    c.ellipse((0, -0.25), (c.chance(0.2, 0.34), 0.45), c.chance(0.4, 0.7))
    for side in (-1, 1):
        c.bone((side * 0.3, -0.5), (side * 0.42, 0.25), 0.06, c.chance(0.3, 0.6))
        c.bone((side * 0.12, 0.1), (side * 0.16, 1.0), 0.09, c.chance(0.3, 0.6))


def slice_of_body(c: Canvas) -> None:
    """A round section with organs in it, as CT and MR have."""
    c.ellipse((0, 0), (c.chance(0.55, 0.95), c.chance(0.5, 0.9)), c.chance(0.4, 0.7))
    for _ in range(int(c.chance(3, 12))):
        c.ellipse((c.chance(-0.5, 0.5), c.chance(-0.5, 0.5)), (c.chance(0.05, 0.3), c.chance(0.05, 0.3)),
                  c.chance(-0.4, 0.4), c.chance(0, 3))


def blobs(c: Canvas) -> None:
    """Anything: some ellipses and bars over a slope."""
    c.picture += c.chance(0, 0.5) + c.chance(-0.3, 0.3) * c.x + c.chance(-0.3, 0.3) * c.y
    for _ in range(int(c.chance(1, 9))):
        c.ellipse((c.chance(-1, 1), c.chance(-1, 1)), (c.chance(0.05, 0.7), c.chance(0.05, 0.7)), c.chance(-0.5, 0.6),
                  c.chance(0, 3), c.chance(0.02, 0.3))


SHAPES = (limb, limb, hand, hand, pelvis, skull, spine, spine, body, slice_of_body, slice_of_body, blobs)


def phantoms(count: int, side: int, generator: torch.Generator) -> torch.Tensor:
    """[count, 1, side, side] in [-1, 1], drawn at half the side, at any size and place, with grain."""
    made = torch.zeros(count, 1, side, side)
    for index in range(count):
        canvas = Canvas(side // 2, generator)
        scale, dx, dy = canvas.chance(0.7, 1.5), canvas.chance(-0.25, 0.25), canvas.chance(-0.25, 0.25)
        canvas.x, canvas.y = canvas.x / scale + dx, canvas.y / scale + dy
        SHAPES[int(torch.randint(0, len(SHAPES), (), generator=generator))](canvas)
        made[index, 0] = F.interpolate(canvas.picture[None, None], size=side, mode="bilinear", align_corners=False)[0, 0]
    low, high = made.amin((1, 2, 3), keepdim=True), made.amax((1, 2, 3), keepdim=True)
    grain = torch.randn(count, 1, side, side, generator=generator) * 0.05
    return ((made - low) / (high - low + 1e-3) * 2 - 1 + grain).clamp(-1, 1)
