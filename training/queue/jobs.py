"""The list: every run that the product and its documents rest on, what the shipped network needs first.

Hours are those of two cores with AVX-512 that nothing else uses. A run whose flags change is another run and
is made anew; a changed default is not noticed, so it needs a changed name or flag here.
"""

from __future__ import annotations

from typing import Any

from training.queue.job import Job

FIVE: dict[str, Any] = {"widths": [32, 64, 128, 128, 128], "strides": [1, 2, 1, 1]}
FOUR: dict[str, Any] = {"widths": [32, 64, 128, 128], "strides": [1, 2, 1]}
WIDE: dict[str, Any] = {"widths": [64, 64, 256, 256, 256], "strides": [1, 2, 1, 1]}
THREE: dict[str, Any] = {"widths": [32, 128, 128], "strides": [2, 1], "attention": "shallow"}
PIXELS: dict[str, Any] = {"network": "pixels", "epochs": 24, "batch": 64, "rate": 1e-3}
FOLDS = 3


def on(factor: str) -> tuple[str, ...]:
    """What a classifier needs of a codec."""
    return (f"codec-{factor}", f"views-{factor}", f"readouts-{factor}")


def classifier(what: str, flags: dict[str, Any], hours: float, factor: str = "f8", seed: int = 1,
               targets: str = "", keeps: bool = False) -> Job:
    """A classifier on latents; `targets` names the soft labels that it is taught beside the labels."""
    needs = (*on(factor), *([f"targets-{targets}"] if targets else []))
    return Job(f"classifier-{factor}-{what}", "classifier", hours, flags, needs, seed, keeps)


def codec(factor: str, hours: float, views: int, steps: int = 0) -> list[Job]:
    """A codec with its latents and their read-outs."""
    flags = {"factor": int(factor[1:]), "steps": steps} if steps else {}
    return [Job(f"codec-{factor}", "codec", hours, flags, keeps=True),
            Job(f"views-{factor}", "views", 0.5, {"views": views}, (f"codec-{factor}",)),
            Job(f"readouts-{factor}", "readouts", 0.4, {}, (f"codec-{factor}", f"views-{factor}"), keeps=True)]


def pixel_fold(fold: int) -> Job:
    """A network on pixels that never saw the patients of one fold, and so can teach others about them."""
    return Job(f"classifier-pixels-fold{fold}", "classifier", 0.3, {**PIXELS, "folds": FOLDS, "fold": fold})


def latent_fold(fold: int) -> Job:
    """The same on latents."""
    return classifier(f"five-fold{fold}", {**FIVE, "folds": FOLDS, "fold": fold}, 0.2)


def targets(name: str, teachers: list[Job]) -> Job:
    """The soft labels that networks of all folds give together."""
    return Job(f"targets-{name}", "targets", 0.1, needs=tuple(job.name for job in teachers), keeps=True)


PIXEL_FOLDS = [pixel_fold(fold) for fold in range(FOLDS)]
LATENT_FOLDS = [latent_fold(fold) for fold in range(FOLDS)]

# The shipped network: its codec, what depth gives, teachers, and what they give.
SHIPPED = [
    *codec("f8", 1.0, views=12, steps=2000),
    classifier("five", FIVE, 0.3, keeps=True),
    classifier("four", FOUR, 0.25, keeps=True),
    classifier("three-gate", THREE, 0.2),
    Job("gate-f8", "gate", 0.1, needs=("codec-f8",), keeps=True),
    Job("film-check", "film", 0.2, keeps=True),
    Job("bundle-f8-five", "bundle", 0.1, needs=("codec-f8", "views-f8", "gate-f8", "classifier-f8-five")),
    *PIXEL_FOLDS, targets("pixels", PIXEL_FOLDS),
    classifier("five-taught", FIVE, 0.3, targets="pixels", keeps=True),
    *LATENT_FOLDS, targets("all", [*PIXEL_FOLDS, *LATENT_FOLDS]),
    *(classifier(f"five-taught-all-{seed}", FIVE, 0.3, seed=seed, targets="all", keeps=True) for seed in (1, 2, 3)),
    classifier("four-taught-all", FOUR, 0.25, targets="all", keeps=True),
    classifier("five-sums-taught-all", {**FIVE, "sums": True}, 0.3, targets="all", keeps=True),
    classifier("five-long-taught-all", {**FIVE, "epochs": 150}, 0.8, targets="all", keeps=True),
    classifier("wide-taught-all", WIDE, 0.8, targets="all", keeps=True),
]

# What it is compared with.
COMPARED = [
    classifier("five-relu-taught-all", {**FIVE, "relu": True}, 0.3, targets="all"),
    *(Job(f"classifier-pixels-{seed}", "classifier", 0.4, {**PIXELS, "soft": 0.5}, ("readouts-f8", "targets-all"), seed)
      for seed in (1, 2)),
    classifier("five-relu", {**FIVE, "relu": True}, 0.3),
    *(classifier(f"five-{seed}", FIVE, 0.3, seed=seed) for seed in (2, 3)),
    Job("clones-f8-five", "clones", 0.1, needs=("classifier-f8-five-taught-all-1", "views-f8")),
]

# The paper's tables: its networks at factor 8, and ours and its HefNet at the other factors.
PAPER = [
    *(classifier(f"{network}-{attention}{'-relu' if relu else ''}",
                 {"network": network, "attention": attention, "relu": relu, "epochs": 16}, hours)
      for network, hours in (("hefnet", 0.2), ("lenet", 0.15), ("vgg5", 0.15), ("resnet20", 0.3))
      for attention, relu in (("none", False), ("paper", False), ("shallow", False), ("none", True))),
    *(job for factor, hours, views, paper_hours in (("f16", 0.6, 12, 0.15), ("f4", 0.8, 6, 0.8), ("f2", 1.0, 3, 2.0)) for job in (
        *codec(factor, hours, views, steps=1500),
        classifier("five", {**FIVE, "epochs": 24}, 0.3, factor),
        # The paper's HefNet does not reduce its input at first: at factor 2 it holds 16 times what it holds at 8.
        classifier("hefnet-none", {"network": "hefnet", "attention": "none", "epochs": 10, "batch": 32}, paper_hours, factor))),
]

JOBS: list[Job] = [*SHIPPED, *COMPARED, *PAPER]
