"""The kinds of runs: each makes the work that a job's flags describe."""

from __future__ import annotations

from collections.abc import Callable

from training.codec.imagenet import imagenet_features
from training.codec.train_codec import CodecFlags, CodecWork
from training.data.sources import images
from training.loop.drive import Work
from training.queue.job import Job, Shelf


def codec(job: Job, shelf: Shelf) -> Work:
    """A codec that is blind to findings."""
    train, val = (images(shelf.args, part).pixels for part in ("train", "val"))
    return CodecWork(CodecFlags(**job.flags), job.seed, train, val, shelf.device, imagenet_features)


KINDS: dict[str, Callable[[Job, Shelf], Work]] = {"codec": codec}
