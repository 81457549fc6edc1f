"""Fast checks of the exported networks, without data: seeded tensors, shapes, graphs."""

from __future__ import annotations

import unittest

import numpy as np
import torch

from training.classifier.networks import ATTENTIONS, LATENTS, NETWORKS
from training.export.export_networks import HIGHEST_LOGIT, RANGE, build, document_text, synthetic_latents
from training.export.graph import run_graph, seeded_tensor


class SeededTensors(unittest.TestCase):
    def test_known_values(self) -> None:
        """The same values stand in test/native-models/networks.test.ts."""
        cases = {
            (0, 1.0): [-1, -0.3648022711277008, -0.6175304651260376, 0.04640819504857063],
            (0xFFFFFFFF, 0.05): [0.03866133093833923, 0.04287704452872276, -0.002273004734888673,
                                 -0.014971612021327019],
            # mix(seed) is 2^32 - 2: the sum with the index wraps.
            (3688849601, 2.25): [-0.11276354640722275, 0.03415611386299133, -2.25,
                                 -0.8208051323890686],
        }
        for (seed, spread), values in cases.items():
            self.assertEqual(seeded_tensor((4,), seed, spread).tolist(), values)

    def test_uniform_within_the_spread(self) -> None:
        values = seeded_tensor([100, 1000], 7, 3.0)
        self.assertEqual((values.shape, values.dtype), ((100, 1000), np.dtype("float32")))
        self.assertTrue((values >= -3).all() and (values < 3).all())
        self.assertAlmostEqual(float(values.mean()), 0.0, delta=0.03)
        self.assertAlmostEqual(float(values.var()), 3.0, delta=0.05)  # spread^2 / 3


class Networks(unittest.TestCase):
    def test_every_graph_computes_its_network(self) -> None:
        latents = {f: torch.from_numpy(synthetic_latents(f, 3, 1.0)) for f in LATENTS}
        for network in NETWORKS:
            for factor, batch in latents.items():
                for attention in ATTENTIONS:
                    with self.subTest(network=network, factor=factor, attention=attention):
                        model, fit, document, weights = build(network, factor, attention, batch)
                        logits = model(batch)
                        self.assertEqual(tuple(logits.shape), (3, 14))
                        self.assertLess(float(logits.abs().max()), HIGHEST_LOGIT + 0.2)
                        self.assertLess(max(fit.bounds.values()), 2.5 * RANGE)
                        got = run_graph(document, weights, batch)
                        torch.testing.assert_close(got, logits, atol=1e-4, rtol=0)

    def test_seeds_are_distinct_and_repeatable(self) -> None:
        batch = torch.from_numpy(synthetic_latents("f16", 2, 1.0))
        first, second = (build("vgg5", "f16", "paper", batch) for _ in range(2))
        self.assertEqual(document_text(first[2]), document_text(second[2]))
        self.assertEqual(first[3], second[3])
        seeds = [t["seed"] for t in first[2]["tensors"].values() if "seed" in t]
        self.assertEqual(len(set(seeds)), 7)

    def test_activations_share_coefficients_where_the_network_does(self) -> None:
        batch = torch.from_numpy(synthetic_latents("f16", 2, 1.0))
        for network, nodes, tensors in (("vgg5", 4, 1), ("hefnet", 4, 1), ("lenet", 4, 4),
                                        ("resnet20", 10, 10), ("hefnet-r", 3, 3)):
            document = build(network, "f16", "none", batch)[2]
            used = [n["a"] for n in document["nodes"] if n["op"] == "quadratic"]
            self.assertEqual((len(used), len(set(used))), (nodes, tensors))


if __name__ == "__main__":
    unittest.main()
