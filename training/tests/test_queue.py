"""The queue on tiny data: every kind of run, killed in the middle and resumed, ends as one that was never stopped."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from training.data.split import label_set

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = {"train": 24, "val": 12, "test": 12}
CODEC = {"name": "codec", "kind": "codec", "hours": 0.1, "keeps": True,
         "flags": {"steps": 12, "batch": 2, "watch_every": 6, "warmup": 2, "critic_from": 0.3, "quantise_from": 0.2}}
KINDS = {"codec": [CODEC]}  # the last of each list is the one that is killed


def write_films(folder: Path, counts: dict[str, int]) -> None:
    """Films of noise and blobs in NIH's layout, with labels that the blobs follow."""
    rng, findings, rows = np.random.default_rng(1), label_set("nih"), []
    (folder / "px128").mkdir(parents=True)
    for split, count in counts.items():
        for k in range(count):
            labels = rng.random(len(findings)) < 0.3
            film = rng.normal(110, 8, (128, 128))
            for place in np.flatnonzero(labels):
                film[8 * place:8 * place + 12, 20 + 6 * place:40 + 6 * place] += 60
            name = f"px128/{split}-{k:04d}.png"
            Image.fromarray(film.clip(0, 255).astype(np.uint8)).save(folder / name)
            rows.append({"file": name, "patient_id": f"{split}{k // 2}", "view": "AP" if k % 3 else "PA", "split": split,
                         **{f: int(v) for f, v in zip(findings, labels, strict=True)}, "age": 40 + k % 30, "sex": "MF"[k % 2]})
    with open(folder / "labels.csv", "w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


class Queue:
    """The command on one list, cache and folder of results."""

    def __init__(self, folder: Path, data: Path, jobs: list[dict]) -> None:
        self.cache, self.results, self.name = folder / "cache", folder / "results", jobs[-1]["name"]
        folder.mkdir()
        (folder / "jobs.json").write_text(json.dumps(jobs))
        self.shared = ["--jobs", str(folder / "jobs.json"), "--cache", str(self.cache), "--results", str(self.results)]
        self.run = ["run", "--data", str(data), "--device", "cpu", "--threads", "1", "--every", "0.2", *self.shared]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "training.queue", *self.run], cwd=ROOT, stdout=subprocess.DEVNULL)

    def finish(self) -> None:
        if self.start().wait(600):
            raise AssertionError("\n".join(f.read_text() for f in self.cache.glob("runs/*/failed.txt")))

    def say(self, command: str, *more: str) -> str:
        return subprocess.run([sys.executable, "-m", "training.queue", command, *more, *self.shared], cwd=ROOT,
                              check=True, capture_output=True, text=True).stdout

    def note(self) -> dict:
        path = self.cache / "runs" / self.name / "progress.json"
        return json.loads(path.read_text()) if path.exists() else {"step": 0, "steps": 1}

    def kill_in_the_middle(self) -> None:
        """Start, wait for a checkpoint of the last run, and kill the process where it happens to be."""
        process = self.start()
        checkpoint = self.cache / "runs" / self.name / "checkpoint.pt"
        while not checkpoint.exists():
            if process.poll() is not None:
                raise AssertionError("the run ended before it could be killed")
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def figures(self) -> dict:
        found = json.loads((self.results / f"{self.name}.json").read_text())
        found.pop("seconds")
        return found


class Killed(unittest.TestCase):
    """Each kind of run, killed with SIGKILL, ends with the figures of an uninterrupted one."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.room = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.room.name)
        write_films(cls.folder / "data", SMALL)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.room.cleanup()

    def check(self, kind: str) -> None:
        whole, killed = (Queue(self.folder / f"{kind}-{way}", self.folder / "data", KINDS[kind])
                         for way in ("whole", "killed"))
        whole.finish()
        killed.kill_in_the_middle()
        self.assertFalse((killed.results / f"{killed.name}.json").exists(), "killed too late to show anything")
        self.assertIn("begun", killed.say("status"))
        killed.finish()
        self.assertIn("goes on at step", (killed.cache / "queue.log").read_text())
        self.assertEqual(killed.figures(), whole.figures())

    def test_a_codec(self) -> None:
        self.check("codec")


if __name__ == "__main__":
    unittest.main()
