"""Runs the list, one job after the other, under a lock that ends with the process."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import IO, Any

import torch

from training.loop.checkpoint import save_atomic, write_text
from training.loop.drive import EVERY, Place, drive
from training.loop.flags import setup
from training.queue.job import Job, Shelf, due
from training.queue.kinds import KINDS

SMALL = 8_000_000  # bytes of weights that may lie beside the figures


def log(shelf: Shelf, text: str) -> None:
    """One line, on the screen and in the cache's `queue.log`."""
    line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}"
    print(line, flush=True)
    with open(shelf.cache / "queue.log", "a") as handle:
        handle.write(line + "\n")


def lock(cache: Path) -> IO[str] | None:
    """The right to run the list of this cache, or None where another process has it.

    `status` holds the lock for a moment, so it is tried for some seconds.
    """
    cache.mkdir(parents=True, exist_ok=True)
    handle = open(cache / "lock", "a+")
    for attempt in range(20):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if attempt == 19:
                handle.close()
                return None
            time.sleep(0.25)
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def finish(job: Job, shelf: Shelf, work: Any, figures: dict[str, Any]) -> None:
    """Store what later runs need, then the figures, which say that the run is done."""
    weights = work.weights()
    if weights is not None:
        path = shelf.folder(job.name) / "weights.pt"
        save_atomic(weights, path)
        if job.keeps:
            if path.stat().st_size > SMALL:
                raise ValueError(f"{job.name} leaves {path.stat().st_size} bytes to keep, more than {SMALL}")
            save_atomic(weights, shelf.results / f"{job.name}.pt")
    about = {"run": job.name, **job.identity(), "torch": torch.__version__, "device": shelf.device.type,
             "threads": shelf.args.threads}
    write_text(shelf.results / f"{job.name}.json", json.dumps({**about, **figures}, indent=1) + "\n")
    (shelf.folder(job.name) / "checkpoint.pt").unlink(missing_ok=True)


def perform(job: Job, shelf: Shelf, every: float = EVERY) -> None:
    """One job, from its checkpoint if there is one, to its figures."""
    log(shelf, f"{job.name}: begins ({job.kind}, about {job.hours:g} h, {shelf.args.threads} threads, {shelf.device})")
    work = KINDS[job.kind](job, shelf)
    place = Place(job.name, shelf.folder(job.name), shelf.pauses, lambda text: log(shelf, f"{job.name}: {text}"), every)
    figures = drive(work, place, job.seed, job.identity())
    finish(job, shelf, work, figures)
    log(shelf, f"{job.name}: done")


def next_job(jobs: list[Job], shelf: Shelf) -> Job | None:
    """The first job that is due, has not failed, and has what it needs."""
    waiting = due(jobs, shelf)
    names = {job.name for job in waiting}
    for job in waiting:
        if not shelf.failure(job.name).exists() and not names & set(job.needs):
            return job
    return None


def run(jobs: list[Job], args: argparse.Namespace) -> int:
    """Do the next job, then begin this command afresh, so that code and list are read anew and memory is freed.

    Returns 0 when nothing is left, 1 when runs have failed or another process runs this cache's list.
    """
    os.nice(max(0, 19 - os.nice(0)))
    handle = lock(args.cache)
    if handle is None:
        print(f"{args.cache}: another process runs this list", file=sys.stderr)
        return 1
    shelf = Shelf(args, setup(1, args.threads, args.device))
    if not args.again:
        for job in jobs:
            shelf.failure(job.name).unlink(missing_ok=True)
    job = next_job(jobs, shelf)
    if job is None:
        failed = [job.name for job in jobs if shelf.failure(job.name).exists()]
        log(shelf, f"nothing left to do; failed: {', '.join(failed) or 'none'}")
        return 1 if failed else 0
    try:
        perform(job, shelf, args.every)
    except Exception:
        write_text(shelf.failure(job.name), traceback.format_exc())
        log(shelf, f"{job.name}: failed, see {shelf.failure(job.name)}")
    again = [] if args.again else ["--again"]
    os.execv(sys.executable, [sys.executable, "-m", "training.queue", *sys.argv[1:], *again])
