"""What a classifier's run is, and the network that its flags describe."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from training.classifier.hefnet import HefNet
from training.classifier.networks import NETWORKS
from training.classifier.pixels import PixelNet
from training.classifier.ranges import relu_twin

OURS, PIXELS = "ours", "pixels"


@dataclass(frozen=True)
class ClassifierFlags:
    """`network` is `ours`, hefnet.py's, whose shape the next fields give; `pixels`, pixels.py's; or one of
    networks.py's. Where `folds` is not 0, films of the patients of `fold` are left out of training."""

    network: str = OURS
    widths: tuple[int, ...] = (32, 64, 128, 128, 128)
    strides: tuple[int, ...] = (1, 2, 1, 1)
    sums: bool = False
    attention: str = "none"
    relu: bool = False
    epochs: int = 60
    batch: int = 128
    rate: float = 2e-3
    warmup: int = 200
    decay: float = 0.05
    dropout: float = 0.2
    noise: float = 0.1  # of latents; their own deviation is 1
    gain: float = 0.1  # of latents
    mixup: float = 0.2
    soft: float = 0.5  # share of the soft label in the target, where there is one
    about: float = 0.1
    range_limit: float = 6.0
    altered: int = 16  # altered films of a step
    average: float = 0.998
    fold: int = 0
    folds: int = 0

    @property
    def has_polynomials(self) -> bool:
        return self.network != PIXELS and not self.relu


def make_classifier(flags: ClassifierFlags, factor: int, findings: int, training: bool = False) -> nn.Module:
    """The network of a run, with dropout where it is to be trained; `factor` is that of its latents."""
    dropout = flags.dropout if training else 0.0
    if flags.network == PIXELS:
        return PixelNet(dropout, findings)
    if flags.network == OURS:
        model: nn.Module = HefNet(factor, dropout, flags.attention, tuple(flags.widths), findings, tuple(flags.strides),
                                  flags.sums, square=0.1)
    else:
        model = NETWORKS[flags.network](f"f{factor}", flags.attention, findings)
    return relu_twin(model) if flags.relu else model
