"""What is drawn and gathered of the figures."""

from __future__ import annotations

import unittest

import numpy as np

from training.metrics.auroc import auroc
from training.report.curves import draw, reliability, roc
from training.report.evaluate import codec_of, gather


class Curves(unittest.TestCase):
    def test_the_area_under_a_roc_curve_is_the_auroc(self) -> None:
        rng = np.random.default_rng(1)
        labels = (rng.random(300) < 0.3).astype(float)
        scores = np.round(labels + rng.normal(size=300), 1)  # with ties
        points = roc(labels, scores)
        self.assertAlmostEqual(np.trapezoid(points[:, 1], points[:, 0]), auroc(labels, scores))

    def test_probabilities_that_hold_lie_on_the_diagonal(self) -> None:
        rng = np.random.default_rng(2)
        probabilities = rng.random(40_000)
        points = reliability((rng.random(40_000) < probabilities).astype(float), probabilities)
        np.testing.assert_allclose(points[:, 0], points[:, 1], atol=0.03)

    def test_findings_without_enough_positives_are_not_drawn(self) -> None:
        films = [{"view": "AP", "found": [0] if k % 2 else [], "logits": [0.1 * k, 0.0]} for k in range(40)]
        entries = [{"slope": 1.0, "intercept": 0.0}] * 2
        pictures = draw({"findings": ["Common", "Rare"], "views": {"AP": entries},
                         "scores": {"val": films, "test": films}})
        for picture in pictures:
            self.assertIn("Common", picture)
            self.assertNotIn("Rare", picture)


class Gathered(unittest.TestCase):
    def test_every_network_names_the_codec_whose_latent_it_reads(self) -> None:
        runs = {"codec-a": {"kind": "codec", "needs": []}, "views-a": {"kind": "views", "needs": ["codec-a"]},
                "classifier-a": {"kind": "classifier", "needs": ["views-a"]}}
        self.assertEqual(codec_of(runs["classifier-a"], runs), "codec-a")
        self.assertEqual(codec_of({"kind": "classifier", "needs": []}, runs), "")

    def test_networks_that_only_teach_are_left_out(self) -> None:
        def network(folds: int) -> dict:
            return {"kind": "classifier", "needs": [], "model": "pixels", "activation": "relu", "attention": "none",
                    "factor": 1, "parameters": 1, "seconds": 1, "steps": 1, "seed": 1, "bestEpoch": 1, "history": [],
                    "films": 1, "ranges": None, "flagsInFull": {"folds": folds}}

        rows = gather({"classifier-whole": network(0), "classifier-fold": network(3)})["models"]
        self.assertEqual([row["checkpoint"] for row in rows], ["classifier-whole"])


if __name__ == "__main__":
    unittest.main()
