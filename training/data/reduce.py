"""The reduction every image passes before it reaches the classifier.

image (any H x W, float in [0, 1])
  -> exact area average, stretched to 128 x 128 (NIH films are stretched to a square too)
  -> bilinear upsampling by 2 with half-pixel centres, 256 x 256
  -> x * 2 - 1

All arithmetic is float64, rounded once to float32 at the end. The application
re-implements this in TypeScript; `test/fixtures/parity` holds shared vectors.
"""

from __future__ import annotations

import numpy as np

CLASSIFIER_SIZE = 128
ENCODER_SIZE = 256


def box_weights(source: int, target: int) -> np.ndarray:
    """Weights [target, source]: output i averages the interval [i, i+1) * source / target."""
    scale = source / target
    weights = np.zeros((target, source), dtype=np.float64)
    for i in range(target):
        start, end = i * scale, (i + 1) * scale
        for j in range(int(np.floor(start)), min(source, int(np.ceil(end)))):
            weights[i, j] = max(0.0, min(end, j + 1) - max(start, j)) / scale
    return weights


def area_average(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Mean of the source over each output pixel's box; image [H, W] -> [height, width]."""
    rows = box_weights(image.shape[0], height)
    columns = box_weights(image.shape[1], width)
    return rows @ image.astype(np.float64) @ columns.T


def bilinear_weights(source: int) -> np.ndarray:
    """Weights [2 * source, source] of x2 upsampling with half-pixel centres and clamped edges."""
    weights = np.zeros((2 * source, source), dtype=np.float64)
    for i in range(2 * source):
        position = max((i + 0.5) / 2 - 0.5, 0.0)
        low = int(position)
        high = min(low + 1, source - 1)
        weights[i, low] += 1.0 - (position - low)
        weights[i, high] += position - low
    return weights


def upsample2(image: np.ndarray) -> np.ndarray:
    """Bilinear x2 of [H, W], as torch's interpolate(mode="bilinear", align_corners=False)."""
    return bilinear_weights(image.shape[0]) @ image @ bilinear_weights(image.shape[1]).T


def reduce_image(image: np.ndarray) -> np.ndarray:
    """[H, W] in [0, 1] -> encoder input [256, 256] in [-1, 1], float32."""
    small = area_average(image, CLASSIFIER_SIZE, CLASSIFIER_SIZE)
    return (upsample2(small) * 2.0 - 1.0).astype(np.float32)
