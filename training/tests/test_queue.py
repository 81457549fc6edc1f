"""The queue on tiny data: every kind of run, killed in the middle and resumed, ends as one that was never stopped."""

from __future__ import annotations

import csv
import json
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
from training.queue.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = {"train": 24, "val": 12, "test": 12}
CODEC = {"name": "codec-tiny", "kind": "codec", "hours": 0.1, "keeps": True,
         "flags": {"steps": 12, "batch": 2, "watch_every": 6, "warmup": 2, "critic_from": 0.3, "quantise_from": 0.2}}
VIEWS = {"name": "views-tiny", "kind": "views", "hours": 0.1, "needs": ["codec-tiny"], "flags": {"views": 3, "altered": 4}}
READOUTS = {"name": "readouts-tiny", "kind": "readouts", "hours": 0.1, "needs": ["codec-tiny", "views-tiny"], "keeps": True}
SHORT = {"epochs": 8, "batch": 8, "warmup": 2}
CLASSIFIER = {"name": "classifier-tiny", "kind": "classifier", "hours": 0.1, "keeps": True,
              "needs": ["codec-tiny", "views-tiny", "readouts-tiny", "targets-tiny"],
              "flags": {**SHORT, "widths": [4, 8, 8], "strides": [2, 1], "altered": 2}}
TEACHERS = [{"name": f"classifier-pixels-{fold}", "kind": "classifier", "hours": 0.1,
             "flags": {**SHORT, "network": "pixels", "folds": 2, "fold": fold}} for fold in range(2)]
TARGETS = {"name": "targets-tiny", "kind": "targets", "hours": 0.1, "needs": [t["name"] for t in TEACHERS]}
GATE = {"name": "gate-tiny", "kind": "gate", "hours": 0.1, "needs": ["codec-tiny"], "flags": {"directions": 4}}
CLONES = {"name": "clones-tiny", "kind": "clones", "hours": 0.1, "needs": ["classifier-tiny", "views-tiny"]}
FILM = {"name": "film-tiny", "kind": "film", "hours": 0.1, "keeps": True, "flags": {"batches": 80, "batch": 4, "width": 4}}
BUNDLE = {"name": "bundle-tiny", "kind": "bundle", "hours": 0.1, "flags": {"random": 32},
          "needs": ["codec-tiny", "views-tiny", "gate-tiny", "classifier-tiny"]}
# All kinds, each after what it needs. Those of a single step have no middle.
LIST = [CODEC, VIEWS, READOUTS, *TEACHERS, TARGETS, CLASSIFIER, CLONES, GATE, FILM, BUNDLE]
KILLED = [job["name"] for job in (CODEC, VIEWS, READOUTS, TEACHERS[0], CLASSIFIER, GATE, FILM)]


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
        self.cache, self.results = folder / "cache", folder / "results"
        folder.mkdir()
        (folder / "jobs.json").write_text(json.dumps(jobs))
        self.shared = ["--jobs", str(folder / "jobs.json"), "--cache", str(self.cache), "--results", str(self.results)]
        self.run = ["run", "--data", str(data), "--device", "cpu", "--threads", "1", "--every", "0.2", *self.shared]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "training.queue", *self.run], cwd=ROOT, stdout=subprocess.DEVNULL)

    def finish(self) -> None:
        if self.start().wait(900):
            raise AssertionError("\n".join(f.read_text() for f in self.cache.glob("runs/*/failed.txt")))

    def say(self, command: str, *more: str) -> str:
        return subprocess.run([sys.executable, "-m", "training.queue", command, *more, *self.shared], cwd=ROOT,
                              check=True, capture_output=True, text=True).stdout

    def checkpoint(self, name: str) -> Path:
        return self.cache / "runs" / name / "checkpoint.pt"

    def kill_in_the_middle(self, name: str) -> None:
        """Start, wait for a checkpoint of a run, and kill the process where it happens to be a little later."""
        process = self.start()
        while not self.checkpoint(name).exists():
            if process.poll() is not None:
                failures = "\n".join(f.read_text() for f in self.cache.glob("runs/*/failed.txt"))
                raise AssertionError(f"{name} ended before it could be killed: {failures}")
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def figures(self, name: str) -> dict:
        found = json.loads((self.results / f"{name}.json").read_text())
        found.pop("seconds")
        return found


class Killed(unittest.TestCase):
    """Runs of every kind, killed with SIGKILL in the middle, end with the figures of uninterrupted ones."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.room = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.room.name)
        write_films(cls.folder / "data", SMALL)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.room.cleanup()

    def test_runs_end_as_if_they_had_not_been(self) -> None:
        self.assertEqual({job["kind"] for job in LIST}, set(KINDS))
        whole, killed = (Queue(self.folder / way, self.folder / "data", LIST) for way in ("whole", "killed"))
        whole.finish()
        for name in KILLED:
            killed.kill_in_the_middle(name)
            self.assertFalse((killed.results / f"{name}.json").exists(), f"{name} was killed too late")
            self.assertIn(f"begun    {name}", killed.say("status"))
        killed.finish()
        log = (killed.cache / "queue.log").read_text()
        for name in KILLED:
            self.assertIn(f"{name}: goes on at step", log)
        for job in LIST:
            self.assertEqual(killed.figures(job["name"]), whole.figures(job["name"]))
        self.assertIn(f"0 of {len(LIST)} runs left", killed.say("status"))


class Said(unittest.TestCase):
    """What the queue says of lists that are not done."""

    def setUp(self) -> None:
        self.room = tempfile.TemporaryDirectory()
        self.queue = Queue(Path(self.room.name) / "queue", Path(self.room.name), LIST)

    def tearDown(self) -> None:
        self.room.cleanup()

    def result(self, job: dict) -> None:
        self.queue.results.mkdir(exist_ok=True)
        found = {"kind": job["kind"], "seed": 1, "needs": job.get("needs", []), "flags": job.get("flags", {}),
                 "steps": 9, "seconds": 1}
        (self.queue.results / f"{job['name']}.json").write_text(json.dumps(found))

    def test_a_clone_without_cache_says_what_is_missing_and_what_it_costs(self) -> None:
        said = self.queue.say("status")
        self.assertIn("missing  codec-tiny: about 0.1 h", said)
        self.assertIn(f"{len(LIST)} of {len(LIST)} runs left, about {0.1 * len(LIST):.1f} h", said)

    def test_a_run_whose_weights_are_gone_is_due_again_only_where_another_needs_them(self) -> None:
        for job in LIST[:2]:
            self.result(job)
        said = self.queue.say("status")
        self.assertIn("missing  views-tiny, whose weights are missing", said)
        for job in LIST[2:]:
            self.result(job)
        self.assertIn(f"0 of {len(LIST)} runs left", self.queue.say("status"))

    def test_figures_of_other_flags_are_not_a_runs_figures(self) -> None:
        self.result({**CODEC, "flags": {"steps": 13}})
        self.assertIn("missing  codec-tiny", self.queue.say("status"))

    def test_a_pause_ends_with_the_process_that_asked_for_it(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            self.queue.say("pause", "--while", str(process.pid))
            self.assertIn(f"paused by {process.pid}", self.queue.say("status"))
            process.communicate(b"\n")
        self.assertNotIn("paused", self.queue.say("status"))
        self.queue.say("pause")
        self.assertIn("paused by by-hand", self.queue.say("status"))
        self.queue.say("resume")
        self.assertNotIn("paused", self.queue.say("status"))


if __name__ == "__main__":
    unittest.main()
