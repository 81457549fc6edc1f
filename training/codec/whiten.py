"""White latents: the principal components that the codec begins with, the loss that keeps them white, and
the affine map that is folded in at the end."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from training.codec.networks import Decoder, Encoder
from training.latent import LATENTS


def blocks(images: torch.Tensor, size: int) -> torch.Tensor:
    """[N, 1, S, S] -> [N * (S / size)^2, size^2]: the pixels of each block."""
    return F.unfold(images, size, stride=size).transpose(1, 2).flatten(0, 1)


@torch.no_grad()
def begin_white(encoder: Encoder, decoder: Decoder, films: torch.Tensor, doubled: torch.Tensor) -> None:
    """Set the linear maps: the encoder's to the whitened principal components of the doubled films' blocks, the
    decoder's to the least-squares map from those back to the films' blocks.

    `films` is [N, 1, 128, 128] in [-1, 1], `doubled` the same [N, 1, 256, 256].
    """
    channels = LATENTS[encoder.factor][0]
    x, y = blocks(doubled, encoder.factor).double(), blocks(films, decoder.block).double()
    mean, middle = x.mean(0), y.mean(0)
    variances, directions = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    order = variances.argsort(descending=True)[:channels]
    components = directions[:, order].T
    # The sign of an eigenvector is arbitrary, so it is fixed: the largest entry is positive.
    components = components * components.gather(1, components.abs().argmax(1, keepdim=True)).sign()
    whitening = components / variances[order].clamp_min(1e-12).sqrt().unsqueeze(1)
    back = (y - middle).T @ ((x - mean) @ whitening.T) / len(x)
    encoder.linear.weight.copy_(whitening.view_as(encoder.linear.weight))
    encoder.linear.bias.copy_(-(whitening @ mean))
    decoder.linear.weight.copy_(back.view_as(decoder.linear.weight))
    decoder.linear.bias.copy_(middle)


def moments(latent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean [C] and covariance [C, C] of the vectors of a latent [N, C, H, W]."""
    flat = latent.transpose(0, 1).flatten(1)
    mean = flat.mean(1)
    return mean, (flat - mean.unsqueeze(1)) @ (flat - mean.unsqueeze(1)).T / flat.shape[1]


def whiteness(latent: torch.Tensor) -> torch.Tensor:
    """Squared distance of the latent's moments from zero and the identity."""
    mean, covariance = moments(latent)
    return mean.square().sum() + (covariance - torch.eye(len(mean), device=latent.device)).square().sum()


@torch.no_grad()
def fold(encoder: Encoder, decoder: Decoder, mean: torch.Tensor, matrix: torch.Tensor) -> None:
    """Make the encoder emit matrix (z - mean) and the decoder accept it; mean is [C], matrix [C, C]."""
    for layer in (encoder.linear, encoder.last):
        layer.weight.copy_(torch.einsum("oc,cihw->oihw", matrix, layer.weight))
    encoder.linear.bias.copy_(matrix @ (encoder.linear.bias - mean))
    encoder.last.bias.copy_(matrix @ encoder.last.bias)
    back = torch.linalg.inv(matrix)
    for layer in (decoder.linear, decoder.first):
        flat = layer.weight[:, :, 0, 0].clone()
        layer.bias.add_(flat @ mean)
        layer.weight.copy_((flat @ back)[:, :, None, None])
