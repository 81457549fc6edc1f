"""The field that X-rays drew: a film without the margins that are all black or all white.

dicom/display/exposed-field.ts finds the same; `test/fixtures/dicom/field.json` holds shared cases.
"""

from __future__ import annotations

import numpy as np

from training.data.reduce import CLASSIFIER_SIZE, area_average

LEAST = 16  # lines of 128, of both margins of an axis together, from which on they are cut off
UNIFORM = 0.97  # the share of a line that is black, or white, where it belongs to a margin
BLACK, WHITE = 10 / 255, 245 / 255


def is_margin(lines: np.ndarray) -> np.ndarray:
    """[..., N] values in [0, 1] -> which of the lines belong to a margin."""
    dark, bright = (lines <= BLACK).sum(-1), (lines >= WHITE).sum(-1)
    return np.maximum(dark, bright) >= UNIFORM * lines.shape[-1]


def _extent(small: np.ndarray, image: np.ndarray) -> slice:
    """Where the image begins and ends along its first axis; `small` is the same image with 128 lines."""
    length, margin = len(image), is_margin(small)
    before = int(np.argmin(margin)) if not margin.all() else len(margin)
    after = int(np.argmin(margin[::-1])) if not margin.all() else 0
    if before + after < LEAST or before + after >= len(small):
        return slice(0, length)
    own, within = is_margin(image), -(-length // len(small))
    first, end = before * length // len(small), -(-(length * len(small) - after * length) // len(small))
    for _ in range(within):
        if before > 0 and own[first]:
            first += 1
    for _ in range(within):
        if after > 0 and end > first + 1 and own[end - 1]:
            end -= 1
    return slice(first, end)


def exposed_field(image: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of an image [H, W] in [0, 1] that are left without margins."""
    small = area_average(image, CLASSIFIER_SIZE, CLASSIFIER_SIZE)
    return _extent(small, image), _extent(small.T, image.T)
