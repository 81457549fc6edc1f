"""The list: every run that the product and its documents rest on, what the shipped network needs first."""

from __future__ import annotations

from training.queue.job import Job

ON_F8 = ("codec-f8", "views-f8", "readouts-f8")
FIVE = {"widths": [32, 64, 128, 128, 128], "strides": [1, 2, 1, 1]}
FOUR = {"widths": [32, 64, 128, 128], "strides": [1, 2, 1]}

JOBS: list[Job] = [
    Job("codec-f8", "codec", 2.4, keeps=True),
    Job("views-f8", "views", 0.4, needs=("codec-f8",)),
    Job("readouts-f8", "readouts", 0.3, needs=("codec-f8", "views-f8"), keeps=True),
    Job("classifier-f8-five", "classifier", 0.4, FIVE, ON_F8, keeps=True),
    Job("classifier-f8-four", "classifier", 0.3, FOUR, ON_F8, keeps=True),
    Job("classifier-f8-five-b", "classifier", 0.4, FIVE, ON_F8, seed=2, keeps=True),
]
