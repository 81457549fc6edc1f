"""The kinds of runs: each makes the work that a job's flags describe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from training.classifier.flags import PIXELS, ClassifierFlags
from training.classifier.inputs import Inputs, LatentInputs, PixelInputs, predict
from training.classifier.targets import TargetsWork
from training.classifier.work import ClassifierWork, load_classifier
from training.codec.imagenet import imagenet_features
from training.codec.networks import Encoder
from training.codec.train_codec import CodecFlags, CodecWork, load_codec
from training.codec.views import ViewFlags, ViewsWork, open_views
from training.data.nih import without_px64
from training.data.soft import soft_labels
from training.data.sources import images
from training.data.split import Split
from training.export.export_bundle import BundleWork
from training.gate.fit_film import FilmFlags, FilmWork
from training.gate.fit_gate import GateFlags, GateWork
from training.loop.drive import Work
from training.queue.job import Job, Shelf
from training.readout.clone import ClonesWork
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
    """Soft labels of the training films: those that come with them, those of the needed targets, or the mean of
    both where a film has both; nan where it has none."""
    given = [soft_labels(shelf.args.data, train), *(shelf.weights(name)["soft"] for name in need(job, "targets"))]
    stack = np.stack(given)
    known = (~np.isnan(stack)).sum(0)
    return np.where(known > 0, np.nansum(stack, 0) / np.maximum(known, 1), np.nan).astype(np.float32)


def classifier(job: Job, shelf: Shelf) -> Work:
    """A classifier on the views of a codec, or on pixels."""
    parts, flags = splits(shelf), ClassifierFlags(**job.flags)
    if flags.network == PIXELS:
        inputs: Inputs = PixelInputs(parts, shelf.device)
    else:
        source = need(job, "views")[0]
        inputs = LatentInputs(flags, open_views(shelf.folder(source)), shelf.weights(source)["factor"], shelf.device)
    linear = need(job, "readouts")
    return ClassifierWork(flags, job.seed, parts, inputs, shelf.device, soft_targets(job, shelf, parts["train"]),
                          shelf.weights(linear[0])["scores"] if linear else None)


def targets(job: Job, shelf: Shelf) -> Work:
    """Soft labels from the classifiers of several folds."""
    return TargetsWork(splits(shelf), [shelf.weights(name) for name in need(job, "classifier")])


def clones(job: Job, shelf: Shelf) -> Work:
    """Clones of a classifier, fitted to its answers."""
    saved, files = shelf.weights(need(job, "classifier")[0]), open_views(shelf.folder(need(job, "views")[0]))
    inputs = LatentInputs(ClassifierFlags(**saved["flags"]), files, saved["factor"], shelf.device)
    answers = predict(load_classifier(saved, shelf.device), inputs, "train")
    return ClonesWork(job.seed, splits(shelf), files, answers, saved["scores"])


def gate(job: Job, shelf: Shelf) -> Work:
    """The input gate of a codec."""
    train, val = without_px64(images(shelf.args, "train")), images(shelf.args, "val")
    nets = load_codec(shelf.weights(need(job, "codec")[0]), shelf.device)
    return GateWork(GateFlags(**job.flags), job.seed, train.pixels, val.pixels, *nets, shelf.device)


def film(job: Job, shelf: Shelf) -> Work:
    """The film check, which needs no codec."""
    return FilmWork(FilmFlags(**job.flags), job.seed, images(shelf.args, "train"), images(shelf.args, "val"), shelf.device)


def bundle(job: Job, shelf: Shelf) -> Work:
    """The bundle of a codec, its gate and a classifier, computed on the CPU as the product does."""
    cpu = torch.device("cpu")
    (codec_name,), (gate_name,), (classifier_name,) = (need(job, kind) for kind in ("codec", "gate", "classifier"))
    model = load_classifier(shelf.weights(classifier_name), cpu)
    return BundleWork(shelf.folder(job.name), shelf.args.data, splits(shelf), open_views(shelf.folder(need(job, "views")[0])),
                      load_codec(shelf.weights(codec_name), cpu), model, shelf.weights(gate_name)["gate"], **job.flags)


KINDS: dict[str, Callable[[Job, Shelf], Work]] = {
    "codec": codec, "views": views, "readouts": readouts, "classifier": classifier, "targets": targets,
    "clones": clones, "gate": gate, "film": film, "bundle": bundle}
