"""Which images each step takes: every epoch has each image once, in an order that follows seed and epoch."""

from __future__ import annotations

import numpy as np


def pick(count: int, batch: int, seed: int, step: int) -> np.ndarray:
    """The indices below `count` that step `step` takes, `batch` of them or all where there are fewer."""
    per_epoch = max(1, count // batch)
    epoch, place = divmod(step, per_epoch)
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order[place * batch:(place + 1) * batch]
