"""The teacher: a residual ReLU CNN on the 128 px pixels.

It is the pixel baseline, the feature network of the VQGAN's perceptual loss (no pretrained
weights are used anywhere), and the source of distillation targets. View, sex and age are
learned beside the findings: they are free labels that shape the features.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.loop.images import to_batch

ABOUT = 3  # view, sex, age
WIDTHS = (16, 32, 64, 128, 192)


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut; halves the side when stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        short = F.avg_pool2d(x, 2) if self.stride == 2 else x
        return F.relu(y + self.skip(short))


class Trunk(nn.Module):
    """[N, 1, 128, 128] in [-1, 1] -> features of WIDTHS channels at sides 64, 32, 16, 8 and 4."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, WIDTHS[0], 5, 2, 2, bias=False), nn.BatchNorm2d(WIDTHS[0]),
                                  nn.ReLU())
        self.stages = nn.ModuleList(Block(a, b, 2) for a, b in zip(WIDTHS, WIDTHS[1:]))

    def features(self, x: torch.Tensor) -> list[torch.Tensor]:
        out = [self.stem(x)]
        for stage in self.stages:
            out.append(stage(out[-1]))
        return out


class Teacher(Trunk):
    """[N, 1, 128, 128] in [-1, 1] -> one logit per finding."""

    def __init__(self, dropout: float = 0.25, findings: int = 14) -> None:
        super().__init__()
        self.findings = findings
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * WIDTHS[-1], findings + ABOUT)

    def outputs(self, features: list[torch.Tensor]) -> torch.Tensor:
        """The logits, then view, sex and age."""
        last = features[-1]
        pooled = torch.cat([last.mean(dim=(2, 3)), last.amax(dim=(2, 3))], 1)
        return self.head(self.dropout(pooled))

    def logits(self, features: list[torch.Tensor]) -> torch.Tensor:
        return self.outputs(features)[:, :self.findings]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.features(x))


def about_loss(outputs: torch.Tensor, about: torch.Tensor) -> torch.Tensor:
    """View and sex as classes, age as a number; [N, 3] each."""
    classes = F.binary_cross_entropy_with_logits(outputs[:, :2], about[:, :2])
    return classes + 10 * F.mse_loss(outputs[:, 2], about[:, 2])


@torch.no_grad()
def predict(model: nn.Module, pixels: np.ndarray, device: torch.device,
            mirror: bool = False) -> np.ndarray:
    """Logits [N, F] of uint8 pixels [N, 128, 128]; `mirror` averages with the mirrored image's."""
    model.eval()
    out = []
    for i in range(0, len(pixels), 64):
        x = to_batch(pixels[i:i + 64], device).contiguous(memory_format=torch.channels_last)
        logits = (model(x) + model(x.flip(-1))) / 2 if mirror else model(x)
        out.append(logits.cpu().numpy())
    return np.concatenate(out)


def load_teacher(path: Path, device: torch.device) -> Teacher:
    """The averaged teacher, frozen."""
    state = torch.load(path, map_location=device)["ema"]
    teacher = Teacher(findings=len(state["head.bias"]) - ABOUT).to(device).to(memory_format=torch.channels_last)
    teacher.load_state_dict(state)
    return teacher.eval().requires_grad_(False)


@torch.no_grad()
def teach(teachers: list[Teacher], images: torch.Tensor) -> torch.Tensor:
    """Mean logits of the teachers, [N, F]; images [N, 1, 128, 128]."""
    return torch.stack([t(images) for t in teachers]).mean(0)
