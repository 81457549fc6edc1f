"""The loss on labels of which some are unknown."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def known_bce(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy over the labels that are known; nan is nobody's knowledge."""
    known = ~labels.isnan()
    each = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)
