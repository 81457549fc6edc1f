"""How alike two images are: PSNR, SSIM and MS-SSIM."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def psnr(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image PSNR in dB of [N, 1, H, W] in [-1, 1] (peak 2), after clamping b."""
    error = ((a - b.clamp(-1, 1)) ** 2).mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return 10 * torch.log10(4.0 / error)


def blur_matrix(side: int, device: torch.device) -> torch.Tensor:
    """[side - 10, side]: the Gaussian window at every place where it fits. On processors two products with such matrices
    are many times faster than convolutions of one channel."""
    line = torch.exp(-((torch.arange(11, device=device) - 5.0) ** 2) / (2 * 1.5**2))
    matrix = torch.zeros(side - 10, side, device=device)
    for offset, weight in enumerate(line / line.sum()):
        matrix.diagonal(offset).fill_(weight)
    return matrix


def similarity(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Per-image SSIM (Wang et al. 2004: Gaussian 11 x 11, sigma 1.5) of images in [0, 1], and its part
    without luminance."""
    down, across = (blur_matrix(side, a.device) for side in a.shape[-2:])

    def blur(t: torch.Tensor) -> torch.Tensor:
        return down @ t @ across.T

    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    contrast = (2 * cov + c2) / (va + vb + c2)
    luminance = (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)
    return (luminance * contrast).mean(dim=(1, 2, 3)), contrast.mean(dim=(1, 2, 3))


def unit(image: torch.Tensor) -> torch.Tensor:
    """[-1, 1] -> [0, 1], clamped."""
    return (image.clamp(-1, 1) + 1) / 2


def ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image SSIM of images in [-1, 1]."""
    return similarity(unit(a), unit(b))[0]


def ms_ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image MS-SSIM over five scales (Wang et al. 2003) of images in [-1, 1], side 176 or more."""
    a, b = unit(a), unit(b)
    value = torch.ones(len(a), device=a.device)
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    for scale, weight in enumerate(weights):
        whole, contrast = similarity(a, b)
        part = whole if scale == len(weights) - 1 else contrast
        value = value * part.clamp(min=0).pow(weight)
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return value
