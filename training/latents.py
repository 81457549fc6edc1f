"""Normalise the trained VQGAN's latent and encode the classifier's images, several views each.

Per-channel statistics come from the un-augmented px128 train images; the affine is folded into
the encoder's last convolution, its inverse into the decoder's first (1x1) convolution, and the
normalised latent is clamped, so that its bound holds for every possible input. View 0 of each
image is the plain reduction; train also has view 1, its mirror, and augmented views.
Writes `<cache>/latents/<name>-<split>.npy`, float16 [views, N, 4, 32, 32], and
`teacher-<split>.npy`, the teacher's logits [N, 14] averaged over the views.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from common import augment, base_parser, save_atomic, setup, to_batch, upsample2
from data import load_split
from train_vqgan import load_teacher
from vqgan import LATENT_LIMIT, Decoder, Encoder


def load_vqgan(path: Path, device: torch.device) -> tuple[Encoder, Decoder]:
    """Encoder and decoder with averaged weights; a normalised checkpoint's encoder clamps."""
    saved = torch.load(path, map_location=device)
    state = saved["ema"]
    nets: list[nn.Module] = []
    for key, net in (("encoder", Encoder()), ("decoder", Decoder())):
        net.load_state_dict({k[len(key) + 1:]: v for k, v in state.items() if k.startswith(key + ".")})
        nets.append(net.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False))
    if "mean" in saved:
        nets[0].append(nn.Hardtanh(-LATENT_LIMIT, LATENT_LIMIT))
    return nets[0], nets[1]  # type: ignore[return-value]


@torch.no_grad()
def fold(encoder: Encoder, decoder: Decoder, mean: torch.Tensor, std: torch.Tensor) -> None:
    """Make the encoder emit (z - mean) / std and the decoder accept it; mean, std are [4]."""
    last, first = encoder[-1], decoder[0]
    last.weight.div_(std.view(-1, 1, 1, 1))
    last.bias.copy_((last.bias - mean) / std)
    first.bias.add_(first.weight[:, :, 0, 0] @ mean)
    first.weight.mul_(std.view(1, -1, 1, 1))


@torch.no_grad()
def encode(encoder: Encoder, pixels: np.ndarray, view: int, seed: int, device: torch.device,
           teacher: nn.Module | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """uint8 [N, 128, 128] -> latents float32 [N, 4, 32, 32] of one view, and teacher logits."""
    latents, logits = [], []
    for i in range(0, len(pixels), 32):
        x = to_batch(pixels[i:i + 32], device)
        if view == 1:
            x = x.flip(-1)
        elif view > 1:
            x = augment(x, torch.Generator().manual_seed(seed * 9_000_011 + view * 100_003 + i))
        x = x.contiguous(memory_format=torch.channels_last)
        latents.append(encoder(upsample2(x)).contiguous().cpu().numpy())
        if teacher is not None:
            logits.append(teacher(x).cpu().numpy())
    return np.concatenate(latents), np.concatenate(logits) if teacher is not None else None


def main() -> None:
    parser = base_parser(__doc__)
    parser.add_argument("--vqgan", default="vqgan.pt", help="checkpoint inside the cache")
    parser.add_argument("--name", default="final")
    parser.add_argument("--views", type=int, default=4, help="views per train image")
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    encoder, decoder = load_vqgan(args.cache / args.vqgan, device)
    teacher = load_teacher(args.cache / "teacher.pt", device)
    folder = args.cache / "latents"
    folder.mkdir(exist_ok=True)
    beyond, highest = 0.0, 0.0
    for split in ("train", "val", "test"):
        pixels = load_split(args.data, "px128", split, args.cache).pixels
        views, targets = [], []
        for view in range(args.views if split == "train" else 1):
            latents, logits = encode(encoder, pixels, view, args.seed, device, teacher)
            if split == "train" and view == 0:
                flat = torch.from_numpy(latents).double()
                mean, std = flat.mean(dim=(0, 2, 3)), flat.std(dim=(0, 2, 3))
                fold(encoder, decoder, mean.float().to(device), std.float().to(device))
                flat = (flat - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1)
                highest, beyond = float(flat.abs().max()), float((flat.abs() > LATENT_LIMIT).double().mean())
                latents = flat.clamp(-LATENT_LIMIT, LATENT_LIMIT).float().numpy()
                encoder.append(nn.Hardtanh(-LATENT_LIMIT, LATENT_LIMIT))
            views.append(latents.astype(np.float16))
            targets.append(logits)
            print(split, "view", view, "max |latent|", float(np.abs(latents).max()), flush=True)
        np.save(folder / f"{args.name}-{split}.npy", np.stack(views))
        np.save(folder / f"teacher-{args.name}-{split}.npy", np.mean(targets, 0))
    state = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
    state.update({f"decoder.{k}": v for k, v in decoder.state_dict().items()})
    save_atomic({"ema": state, "mean": mean, "std": std, "views": args.views, "source": args.vqgan,
                 "maxBeforeClamp": highest, "shareClamped": beyond},
                args.cache / f"vqgan-{args.name}-normalised.pt")


if __name__ == "__main__":
    main()
