"""Pauses: while a file lies in the cache's folder `paused`, every run sleeps between two of its steps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

BY_HAND = "by-hand"  # the pause that only `resume` ends; the others are named after a process
SLEEP = 2.0  # seconds between two looks while paused


def birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; "" where it is gone or the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def lives(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Pauses:
    """The pauses of one cache folder."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "paused"

    def add(self, pid: int | None = None) -> None:
        """Pause until `clear`, or until the process `pid` is gone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / (BY_HAND if pid is None else str(pid))).write_text("" if pid is None else birth(pid))

    def clear(self) -> None:
        """End every pause."""
        for file in self.held():
            file.unlink(missing_ok=True)

    def held(self) -> list[Path]:
        """The files of all pauses, ended or not."""
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []

    def active(self) -> list[str]:
        """Who pauses now. The file of a process that is gone is removed, also where its number was given again."""
        names = []
        for file in self.held():
            if file.name != BY_HAND:
                if not file.name.isdigit():
                    continue
                pid = int(file.name)
                try:
                    same = file.read_text() in ("", birth(pid))
                except FileNotFoundError:
                    continue
                if not (same and lives(pid)):
                    file.unlink(missing_ok=True)
                    continue
            names.append(file.name)
        return names

    def wait(self, before: Callable[[], None] = lambda: None) -> float:
        """Sleep while anything pauses and return the seconds slept; `before` is called once, before the first sleep."""
        if not self.active():
            return 0.0
        before()
        start = time.monotonic()
        while self.active():
            time.sleep(SLEEP)
        return time.monotonic() - start
