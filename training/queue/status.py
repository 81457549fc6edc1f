"""What is done, what runs and until when, and what is missing and would cost how much."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path

from training.queue.job import Job, Shelf, due


def running(cache: Path) -> int | None:
    """The process that runs the list of this cache, if one does."""
    path = cache / "lock"
    if not path.exists():
        return None
    with open(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(handle.read() or 0)
    return None


def remaining(job: Job, shelf: Shelf) -> float:
    """Hours that a run still needs: by its own pace once it has one, before that by what the list says."""
    note = shelf.progress(job.name)
    if note is None or shelf.result(job) is not None or note["step"] < max(20, note["steps"] // 100):
        return job.hours
    return note["seconds"] / note["step"] * (note["steps"] - note["step"]) / 3600


def line(job: Job, shelf: Shelf, waiting: set[str], active: bool) -> str:
    """One run in one line."""
    result = shelf.result(job)
    if job.name not in waiting:
        return f"done     {job.name}: {result['steps']} steps in {result['seconds'] / 3600:.1f} h" if result else ""
    if shelf.failure(job.name).exists():
        return f"failed   {job.name}: {shelf.failure(job.name)}"
    note, hours = shelf.progress(job.name), remaining(job, shelf)
    if note is None or result is not None:
        why = ", whose weights are missing" if result is not None else ""
        return f"missing  {job.name}{why}: about {hours:.1f} h"
    fresh = active and time.time() - note["at"] < 600
    share = f"step {note['step']} of {note['steps']}, about {hours:.1f} h left"
    return f"{'running ' if fresh else 'begun   '} {job.name}: {share}"


def status(jobs: list[Job], shelf: Shelf) -> str:
    """A line per run, then the process, the pauses and the hours that are left."""
    waiting = due(jobs, shelf)
    names, pid = {job.name for job in waiting}, running(shelf.cache)
    lines = [line(job, shelf, names, pid is not None) for job in jobs]
    lines.append(f"runs in process {pid}" if pid is not None else "no process runs this list")
    paused = shelf.pauses.active()
    if paused:
        lines.append(f"paused by {', '.join(paused)}")
    total = sum(remaining(job, shelf) for job in waiting)
    lines.append(f"{len(waiting)} of {len(jobs)} runs left, about {total:.1f} h on two cores; cache {shelf.cache}")
    return "\n".join(lines)
