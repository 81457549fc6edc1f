"""The layouts that images and labels are read from, on small made folders."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image

from training.data import nih_whole
from training.data.chexpert import is_val, load_part
from training.data.split import label_set
from training.loop.flags import SAMPLES, data_parser
from training.loop.loss import known_bce
from training.metrics.auroc import auroc

FINDINGS = label_set("chexpert")


def make_chexpert(folder: Path, train: str = "train.csv") -> None:
    """40 patients with a frontal and a lateral view each; the labels follow from their number."""
    for table, count in ((train, 40), ("valid.csv", 3)):
        part = "valid" if table == "valid.csv" else "train"
        with open(folder / table, "w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS])
            for k in range(count):
                for view, direction in (("view1_frontal", "Frontal"), ("view2_lateral", "Lateral")):
                    path = f"CheXpert-v1.0-small/{part}/patient{k:05}/study1/{view}.jpg"
                    labels = ["1.0", "0.0", "-1.0", ""] + [""] * 10
                    writer.writerow([path, "Female" if k % 2 else "Male", 30 + k, direction,
                                     "AP" if k % 2 else "PA", *labels])
                    file = folder / Path(*Path(path).parts[1:])
                    file.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(np.full((390, 320), 5 * k, np.uint8)).save(file)


class CheXpert(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.data = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def load(self, part: str, uncertain: str = "ignore"):
        return load_part(self.data, part, uncertain, self.data / "cache")

    def test_frontal_views_by_patient(self) -> None:
        make_chexpert(self.data)
        train, val, test = (self.load(part) for part in ("train", "val", "test"))
        self.assertEqual((len(train) + len(val), len(test)), (40, 3))
        self.assertTrue(len(val) > 0)
        self.assertFalse(set(train.patients) & set(val.patients))
        self.assertTrue(all(is_val(patient) for patient in val.patients))
        self.assertTrue(all("frontal" in file for file in train.files))
        self.assertEqual(train.findings, FINDINGS)
        self.assertEqual((train.pixels.shape[1:], train.pixels.dtype), ((128, 128), np.dtype("uint8")))
        k = int(train.patients[5][-5:])
        self.assertAlmostEqual(int(train.pixels[5].mean()), 5 * k, delta=2)
        np.testing.assert_allclose(train.about[5], [k % 2, 1 - k % 2, (30 + k) / 100], atol=1e-6)
        np.testing.assert_array_equal(self.load("train").pixels, train.pixels)  # from the cache

    def test_uncertain_labels_by_policy(self) -> None:
        make_chexpert(self.data)
        for policy, value in (("zeros", 0.0), ("ones", 1.0), ("ignore", np.nan)):
            np.testing.assert_array_equal(self.load("train", policy).labels[0, :4], [1.0, 0.0, value, 0.0])

    def test_visual_labels_are_preferred(self) -> None:
        make_chexpert(self.data)
        text = (self.data / "train.csv").read_text().replace("-1.0", "1.0")
        (self.data / "train_visualCheXbert.csv").write_text(text)
        self.assertEqual(self.load("train").labels[0, 2], 1.0)
        self.assertTrue(np.isnan(self.load("test").labels[0, 2]))

    def test_other_values_are_refused(self) -> None:
        make_chexpert(self.data)
        table = self.data / "train.csv"
        table.write_text(table.read_text().replace("-1.0", "2"))
        with self.assertRaises(ValueError):
            self.load("train")


class DataFolder(unittest.TestCase):
    def read(self, flags: list[str], samples: str | None):
        """The flags under an environment with or without the variable; what an error would print is kept."""
        variables = {} if samples is None else {SAMPLES: samples}
        self.said = io.StringIO()
        with mock.patch.dict(os.environ, variables), contextlib.redirect_stderr(self.said):
            if samples is None:
                os.environ.pop(SAMPLES, None)
            return data_parser(None).parse_args(flags)

    def test_is_the_flag_or_nih_among_the_samples(self) -> None:
        self.assertEqual(self.read(["--data", "here"], "/samples").data, Path("here"))
        self.assertEqual(self.read([], "/samples").data, Path("/samples/nih"))

    def test_is_asked_for_where_nothing_names_it(self) -> None:
        with self.assertRaises(SystemExit):
            self.read([], None)
        self.assertIn("--data is required", self.said.getvalue())
        self.assertIn(SAMPLES, self.said.getvalue())
        with self.assertRaises(SystemExit):  # the samples have no CheXpert
            self.read(["--source", "chexpert"], "/samples")
        self.assertIn("--data is required", self.said.getvalue())


class UnknownLabels(unittest.TestCase):
    def test_count_for_nothing(self) -> None:
        nan = float("nan")
        labels = torch.tensor([[1.0, nan], [0.0, 1.0]])
        known = known_bce(torch.tensor([[0.3, 7.0], [-0.2, 0.4]]), labels)
        other = known_bce(torch.tensor([[0.3, -9.0], [-0.2, 0.4]]), labels)
        self.assertEqual(known.item(), other.item())
        expected = torch.nn.functional.binary_cross_entropy_with_logits(
            torch.tensor([0.3, -0.2, 0.4]), torch.tensor([1.0, 0.0, 1.0]))
        self.assertAlmostEqual(known.item(), expected.item(), places=6)
        self.assertEqual(auroc(np.array([1, nan, 0.0]), np.array([0.9, 0.1, 0.2])), 1.0)


class NihWhole(unittest.TestCase):
    """NIH's own layout, as it is downloaded."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = Path(self.folder.name)
        (self.data / "images_001" / "images").mkdir(parents=True)
        names = [f"{patient:08}_{k:03}.png" for patient in range(60) for k in range(2)]
        (self.data / "test_list.txt").write_text("\n".join(names[:10]) + "\n")
        with open(self.data / "Data_Entry_2017_v2020.csv", "w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Gender", "View Position"])
            for k, name in enumerate(names):
                found, view = "No Finding" if k % 3 else "Hernia|Mass", "AP" if k % 2 else "PA"
                writer.writerow([name, found, name[:8], "058Y", "M", view])
                Image.fromarray(np.full((256, 200), k, np.uint8)).save(self.data / "images_001" / "images" / name)

    def test_is_split_by_patient_and_reduced(self) -> None:
        parts = {part: nih_whole.load_part(self.data, part, self.data / "cache") for part in ("train", "val", "test")}
        self.assertEqual(sum(len(part) for part in parts.values()), 120)
        self.assertEqual(sorted(set(parts["test"].patients)), [f"{k:08}" for k in range(5)])
        self.assertTrue(len(parts["val"]) > 0)
        self.assertFalse(set(parts["train"].patients) & set(parts["val"].patients))
        train = parts["train"]
        self.assertEqual(train.pixels.shape[1:], (128, 128))
        place = int(train.files[0].split("_")[0]) * 2 + int(train.files[0][9:12])
        self.assertTrue((train.pixels[0] == place).all())
        self.assertEqual(train.about[0].tolist(), [place % 2, 1.0, np.float32(0.58)])
        hernia = [name in ("Hernia", "Mass") for name in train.findings]
        self.assertEqual(train.labels[0].tolist(), [float(place % 3 == 0 and one) for one in hernia])


if __name__ == "__main__":
    unittest.main()
