"""The list: every run that the product and its documents rest on, what the shipped network needs first."""

from __future__ import annotations

from training.queue.job import Job

JOBS: list[Job] = [
    Job("codec-f8", "codec", 2.4, keeps=True),
]
