"""Encodes the films once for all classifiers: each training film in several views, val and test as they are.

View 0 is the plain film, view 1 its mirror image, the others are changed at random. The latents lie
in one file per part, 16-bit floats that are mapped into memory, so that they need not fit into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.codec.networks import Encoder
from training.latent import LATENTS
from training.loop.alter import CHANGES
from training.loop.images import augment, to_batch, upsample2

CHUNK = 256  # films of a step
BATCH = 32  # films that are encoded together


@dataclass(frozen=True)
class ViewFlags:
    """How many views of a training film there are, and of how many films each altered version is kept."""

    views: int = 12
    altered: int = 128


class ViewsWork:
    """Fills `<folder>/train.npy` [V, N, C, H, W], `val.npy`, `test.npy` [N, C, H, W] and `altered.npy`.

    `altered` has training films made into something else (loop/alter.py), [changes * K, C, H, W]: no
    classifier learns from them, but their ranges must bear them.
    """

    def __init__(self, flags: ViewFlags, seed: int, parts: dict[str, np.ndarray], encoder: Encoder, folder: Path,
                 device: torch.device) -> None:
        self.flags, self.seed, self.parts, self.encoder, self.device = flags, seed, parts, encoder, device
        channels, side = LATENTS[encoder.factor]
        shape = (channels, side, side)
        train = parts["train"]
        self.chosen = np.linspace(0, len(train) - 1, min(len(train), flags.altered)).astype(int)
        shapes = {"train": (flags.views, len(train), *shape), "altered": (len(CHANGES) * len(self.chosen), *shape),
                  **{part: (len(parts[part]), *shape) for part in ("val", "test")}}
        folder.mkdir(parents=True, exist_ok=True)
        self.files = {part: self.open(folder / f"{part}.npy", shape) for part, shape in shapes.items()}
        self.todo: list[tuple[str, int, int]] = [("train", view, start) for view in range(flags.views)
                                                 for start in range(0, len(train), CHUNK)]
        self.todo += [(part, 0, start) for part in ("val", "test") for start in range(0, len(parts[part]), CHUNK)]
        self.todo += [("altered", change, 0) for change in range(len(CHANGES))]
        self.steps = len(self.todo)

    @staticmethod
    def open(path: Path, shape: tuple[int, ...]) -> np.memmap:
        """The file of a part, made where it is missing or has another shape."""
        if path.exists():
            found = np.lib.format.open_memmap(path, "r+")
            if found.shape == shape and found.dtype == np.float16:
                return found
        return np.lib.format.open_memmap(path, "w+", np.float16, shape)

    @torch.no_grad()
    def encode(self, films: torch.Tensor) -> np.ndarray:
        """[N, 1, 128, 128] -> latents [N, C, H, W]."""
        doubled = (upsample2(part).contiguous(memory_format=torch.channels_last) for part in films.split(BATCH))
        return torch.cat([self.encoder(part).cpu() for part in doubled]).numpy()

    def changed(self, films: torch.Tensor, view: int, start: int) -> torch.Tensor:
        """A view of films that begin at place `start`."""
        if view < 2:
            return films if view == 0 else films.flip(-1)
        generator = torch.Generator().manual_seed((self.seed * 1_009 + view) * 1_000_003 + start)
        return augment(films, generator, soften=1 / 3)

    def step(self, step: int) -> str:
        part, view, start = self.todo[step]
        if part == "altered":
            films = to_batch(self.parts["train"][self.chosen], self.device)
            altered = list(CHANGES.values())[view](films, torch.Generator().manual_seed(self.seed * 1_009 + view))
            self.files[part][view * len(films):(view + 1) * len(films)] = self.encode(altered)
            return ""
        films = to_batch(self.parts[part][start:start + CHUNK], self.device)
        latents = self.encode(self.changed(films, view, start))
        place = self.files[part][view] if part == "train" else self.files[part]
        place[start:start + CHUNK] = latents
        return f"view {view + 1} of {self.flags.views}" if part == "train" and start == 0 else ""

    def state(self) -> dict[str, Any]:
        """Nothing but the files, which are brought to the disk here."""
        for file in self.files.values():
            file.flush()
        return {"shapes": {part: file.shape for part, file in self.files.items()}}

    def load(self, state: dict[str, Any]) -> None:
        if state != self.state():
            raise ValueError("the latents are of other films than the checkpoint")

    def weights(self) -> dict[str, Any]:
        """The factor and the shapes: a sign that the files are whole."""
        return {"factor": self.encoder.factor, **self.state()}

    def figures(self) -> dict[str, Any]:
        plain = np.asarray(self.files["train"][0][::7], np.float32)
        return {"views": self.flags.views, "films": len(self.parts["train"]),
                "bytes": int(sum(file.nbytes for file in self.files.values())),
                "mean": np.round(plain.mean((0, 2, 3)), 4).tolist(), "deviation": np.round(plain.std((0, 2, 3)), 4).tolist(),
                "highest": {part: round(float(np.abs(np.asarray(self.files[part], np.float32)).max()), 3)
                            for part in ("val", "test", "altered")}}


def open_views(folder: Path) -> dict[str, np.ndarray]:
    """The finished files of a run, mapped into memory."""
    return {part: np.load(folder / f"{part}.npy", mmap_mode="r") for part in ("train", "val", "test", "altered")}
