"""Normalise the trained VQGAN's latent and encode the classifier's images, several views each.

Per-channel statistics come from the un-augmented px128 train images; the affine is folded into
the encoder's last convolution, its inverse into the decoder's first (1x1) convolution, and the
normalised latent is clamped, so that its bound holds for every possible input. View 0 of each
image is the plain reduction; train also has view 1, its mirror, and augmented views.
Writes `<cache>/latents/<name>-<split>.npy`, float16 [views, N, C, H, W], and
`<name>-<split>-teachers.npy`, the teachers' mean logits [views, N, 14]; train has all labelled
images, val and test those of px128.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.codec.vqgan import Decoder, Encoder
from training.data.nih import without_px64
from training.data.sources import images
from training.latent import LATENT_LIMIT
from training.loop.checkpoint import save_atomic
from training.loop.flags import data_parser, setup
from training.loop.images import augment, to_batch, upsample2
from training.teacher.network import Teacher, load_teacher, teach

BATCH = 32


@torch.no_grad()
def fold(encoder: Encoder, decoder: Decoder, mean: torch.Tensor, std: torch.Tensor) -> None:
    """Make the encoder emit (z - mean) / std and the decoder accept it; mean, std are [C]."""
    last, first = encoder.last, decoder[0]
    last.weight.div_(std.view(-1, 1, 1, 1))
    last.bias.copy_((last.bias - mean) / std)
    first.bias.add_(first.weight[:, :, 0, 0] @ mean)
    first.weight.mul_(std.view(1, -1, 1, 1))


@torch.no_grad()
def encode(encoder: Encoder, pixels: np.ndarray, view: int, seed: int, device: torch.device,
           teachers: list[Teacher]) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [N, 128, 128] -> latents float16 [N, C, H, W] of one view, and the teachers' logits."""
    latents, logits = [], []
    for i in range(0, len(pixels), BATCH):
        x = to_batch(pixels[i:i + BATCH], device)
        if view == 1:
            x = x.flip(-1)
        elif view > 1:
            x = augment(x, torch.Generator().manual_seed(seed * 9_000_011 + view * 100_003 + i))
        x = x.contiguous(memory_format=torch.channels_last)
        latents.append(encoder(upsample2(x)).contiguous().cpu().numpy().astype(np.float16))
        logits.append(teach(teachers, x).cpu().numpy())
    return np.concatenate(latents), np.concatenate(logits)


@torch.no_grad()
def normalise(encoder: Encoder, decoder: Decoder, pixels: np.ndarray, device: torch.device) -> dict:
    """Statistics of the plain images' latents, folded into the codec, which clamps from then on."""
    total = squares = count = 0
    highest: list[torch.Tensor] = []
    for i in range(0, len(pixels), BATCH):
        latent = encoder(upsample2(to_batch(pixels[i:i + BATCH], device))).double()
        total, squares = total + latent.sum(dim=(0, 2, 3)), squares + latent.square().sum(dim=(0, 2, 3))
        count += latent.numel() // latent.shape[1]
        highest.append(torch.stack([latent.amin(dim=(0, 2, 3)), latent.amax(dim=(0, 2, 3))]))
    mean = total / count
    std = (squares / count - mean.square()).sqrt()
    beyond = (torch.stack(highest) - mean).abs().amax(dim=(0, 1)) / std
    fold(encoder, decoder, mean.float(), std.float())
    encoder.limit = LATENT_LIMIT
    return {"mean": mean.cpu(), "std": std.cpu(), "maxBeforeClamp": float(beyond.max())}


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--vqgan", default="vqgan-2.pt", help="checkpoint inside the cache")
    parser.add_argument("--name", default="final")
    parser.add_argument("--views", type=int, default=4, help="views per train image")
    parser.add_argument("--teachers", nargs="+", default=["teacher-a.pt", "teacher-b.pt"])
    args = parser.parse_args()
    device = setup(args.seed, args.threads)
    encoder, decoder, saved = load_vqgan(args.cache / args.vqgan, device)
    teachers = [load_teacher(args.cache / name, device) for name in args.teachers]
    folder = args.cache / "latents"
    folder.mkdir(exist_ok=True)
    statistics = normalise(encoder, decoder, without_px64(images(args, "train")).pixels, device)
    for split in ("train", "val", "test"):
        part = images(args, split)
        views, targets = zip(*(encode(encoder, part.pixels, view, args.seed, device, teachers)
                               for view in range(args.views if split == "train" else 1)))
        print(split, len(part), "max |latent|", float(max(np.abs(v).max() for v in views)), flush=True)
        np.save(folder / f"{args.name}-{split}.npy", np.stack(views))
        np.save(folder / f"{args.name}-{split}-teachers.npy", np.stack(targets))
    state = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
    state.update({f"decoder.{k}": v for k, v in decoder.state_dict().items()})
    save_atomic({"ema": state, "views": args.views, "source": args.vqgan, "flags": saved["flags"],
                 "step": saved["step"], "seconds": saved["seconds"], **statistics},
                args.cache / f"vqgan-{args.name}-normalised.pt")


if __name__ == "__main__":
    main()
