"""The kinds of runs: each makes the work that a job's flags describe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.classifier.latent_work import ClassifierFlags, LatentWork
from training.codec.imagenet import imagenet_features
from training.codec.networks import Encoder
from training.codec.train_codec import CodecFlags, CodecWork, load_codec
from training.codec.views import ViewFlags, ViewsWork, open_views
from training.data.soft import soft_labels
from training.data.sources import images
from training.data.split import Split
from training.loop.drive import Work
from training.queue.job import Job, Shelf
from training.readout.work import ReadoutWork

PARTS = ("train", "val", "test")


def splits(shelf: Shelf) -> dict[str, Split]:
    """Train, val and test."""
    return {part: images(shelf.args, part) for part in PARTS}


def need(job: Job, kind: str) -> list[str]:
    """The needed runs of a kind: a run is named `<kind>-<what it is>`."""
    return [name for name in job.needs if name.startswith(f"{kind}-")]


def encoder(job: Job, shelf: Shelf) -> Encoder:
    """The encoder of the codec that a job needs."""
    return load_codec(shelf.weights(need(job, "codec")[0]), shelf.device)[0]


def codec(job: Job, shelf: Shelf) -> Work:
    """A codec that is blind to findings."""
    train, val = (images(shelf.args, part).pixels for part in ("train", "val"))
    return CodecWork(CodecFlags(**job.flags), job.seed, train, val, shelf.device, imagenet_features)


def views(job: Job, shelf: Shelf) -> Work:
    """The latents of all films, the training films in several views."""
    pixels = {part: split.pixels for part, split in splits(shelf).items()}
    return ViewsWork(ViewFlags(**job.flags), job.seed, pixels, encoder(job, shelf), shelf.folder(job.name), shelf.device)


def readouts(job: Job, shelf: Shelf) -> Work:
    """Every linear read-out of a codec."""
    files = open_views(shelf.folder(need(job, "views")[0]))
    return ReadoutWork(splits(shelf), files, encoder(job, shelf), shelf.device)


def soft_targets(job: Job, shelf: Shelf, train: Split) -> np.ndarray:
    """Soft labels of the training films: those of the needed teachers where there are any, or else those that come
    with the films, or the mean of both; nan where there is neither."""
    return soft_labels(shelf.args.data, train)


def classifier(job: Job, shelf: Shelf) -> Work:
    """A classifier on the views of a codec."""
    parts, source = splits(shelf), need(job, "views")[0]
    linear = need(job, "readouts")
    return LatentWork(ClassifierFlags(**job.flags), job.seed, parts, open_views(shelf.folder(source)),
                      shelf.weights(source)["factor"], shelf.device, soft_targets(job, shelf, parts["train"]),
                      shelf.weights(linear[0])["scores"] if linear else None)


KINDS: dict[str, Callable[[Job, Shelf], Work]] = {
    "codec": codec, "views": views, "readouts": readouts, "classifier": classifier}
