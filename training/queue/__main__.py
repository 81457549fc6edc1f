"""`python3 -m training.queue run|status|pause|resume`: trains everything on the list that is not yet done.

`run` goes on where it was stopped, one run after the other, at the lowest priority. `pause` makes every
run sleep between two steps until `resume`, or, with `--while PID`, until that process is gone.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from training.loop.pause import Pauses
from training.place import DEFAULT_CACHE
from training.queue.job import Shelf, read_jobs
from training.queue.jobs import JOBS
from training.queue.status import status

# Threads that wait for each other sleep. Spinning, which is the default, costs a run at the lowest priority
# beside other programs two thirds of its processor time. PyTorch reads this when it is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
RESULTS = Path(__file__).resolve().parent.parent / "results"
EVERY = 100.0  # seconds between two checkpoints


def parse() -> argparse.Namespace:
    """The command and its flags. Only `run` needs PyTorch."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "run":
        from training.loop.flags import data_parser

        parser = data_parser(__doc__)
    else:
        parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["run", "status", "pause", "resume"])
    parser.add_argument("--jobs", type=Path, help="a JSON list of other runs than those of jobs.py")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the figures")
    if command == "run":
        parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where it is there")
        parser.add_argument("--every", type=float, default=EVERY, help="seconds between two checkpoints")
        parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    else:
        parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder of checkpoints and weights")
        parser.add_argument("--while", dest="pid", type=int, help="of pause: the process whose end ends it")
    return parser.parse_args()


def main() -> int:
    args = parse()
    args.cache = args.cache.expanduser().resolve()
    jobs = JOBS if args.jobs is None else read_jobs(args.jobs)
    if args.command == "run":
        from training.queue.work import run

        return run(jobs, args)
    if args.command == "status":
        print(status(jobs, Shelf(args)))
    elif args.command == "pause":
        Pauses(args.cache).add(args.pid)
    else:
        Pauses(args.cache).clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
