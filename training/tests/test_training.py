"""Fast checks that need no data: reduction, folding, quantiser, graph export, metrics, calibration."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from calibrate import calibrate, operating_point, platt, sigmoid  # noqa: E402
from common import augment, cosine  # noqa: E402
from graph import build_graph, run_graph  # noqa: E402
from hefnet import HEADS, HefNet, Quadratic  # noqa: E402
from latents import fold  # noqa: E402
from metrics import auroc, bootstrap, psnr, ssim  # noqa: E402
from reduce import area_average, reduce_image, upsample2  # noqa: E402
from vqgan import Decoder, Encoder, Quantiser  # noqa: E402


class Reduction(unittest.TestCase):
    def test_area_average_of_thirds(self) -> None:
        row = np.array([[0.0, 3.0, 6.0]])
        np.testing.assert_allclose(area_average(row, 1, 2), [[1.0, 5.0]])

    def test_area_average_keeps_the_mean_and_the_identity(self) -> None:
        image = np.random.default_rng(1).random((37, 23))
        self.assertAlmostEqual(area_average(image, 8, 8).mean(), image.mean(), places=12)
        np.testing.assert_allclose(area_average(image, 37, 23), image, atol=1e-12)

    def test_upsample_agrees_with_torch(self) -> None:
        image = np.random.default_rng(2).random((6, 5))
        torch_result = F.interpolate(torch.from_numpy(image)[None, None], scale_factor=2,
                                     mode="bilinear", align_corners=False)[0, 0].numpy()
        np.testing.assert_allclose(upsample2(image), torch_result, atol=1e-12)

    def test_range_and_shape(self) -> None:
        reduced = reduce_image(np.ones((300, 200)))
        self.assertEqual((reduced.shape, reduced.dtype), ((256, 256), np.dtype("float32")))
        np.testing.assert_allclose(reduced, 1.0, atol=1e-6)


class Models(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(3)

    def test_shapes_of_the_codec(self) -> None:
        latent = Encoder()(torch.zeros(1, 1, 256, 256))
        self.assertEqual(tuple(latent.shape), (1, 4, 32, 32))
        self.assertEqual(tuple(Decoder()(latent).shape), (1, 1, 256, 256))

    def test_fold_normalises_and_undoes(self) -> None:
        encoder, decoder = Encoder().requires_grad_(False), Decoder().requires_grad_(False)
        x = torch.randn(1, 1, 256, 256)
        before, image = encoder(x), decoder(encoder(x))
        mean, std = torch.tensor([0.3, -1.0, 2.0, 0.0]), torch.tensor([0.5, 2.0, 1.5, 0.1])
        fold(encoder, decoder, mean, std)
        expected = (before - mean.view(1, 4, 1, 1)) / std.view(1, 4, 1, 1)
        torch.testing.assert_close(encoder(x), expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(decoder(encoder(x)), image, atol=1e-4, rtol=1e-4)

    def test_quantiser_picks_the_nearest_code(self) -> None:
        quantiser = Quantiser(codes=3).eval()
        quantiser.codebook.copy_(torch.tensor([[0.0] * 4, [1.0] * 4, [5.0] * 4]))
        _, loss, index = quantiser(torch.full((1, 4, 1, 1), 1.2))
        self.assertEqual(index.tolist(), [1])
        self.assertAlmostEqual(loss.item(), 0.04, places=5)

    def test_exported_graph_computes_the_network(self) -> None:
        latents = torch.randn(3, 4, 32, 32)
        for head in HEADS:
            model = HefNet(head)
            model.train()(latents)
            model.eval().requires_grad_(False)
            bounds = {k: 1.0 for k in ("act1", "act2", "act3", "actGate")}
            document, weights = build_graph(model, bounds, 2.0)
            torch.testing.assert_close(run_graph(document, weights, latents), model(latents))
            self.assertEqual(len(weights), 4 * sum(int(np.prod(t["shape"]))
                                                   for t in document["tensors"].values()))

    def test_quadratic_keeps_a_square_term(self) -> None:
        layer = Quadratic(3)
        layer.a.data = torch.tensor([1e-6, -1e-6, 0.5])
        layer.keep_square()
        torch.testing.assert_close(layer.a.data, torch.tensor([1e-3, -1e-3, 0.5]))

    def test_augment_is_repeatable_and_bounded(self) -> None:
        x = torch.rand(4, 1, 128, 128) * 2 - 1
        a, b = (augment(x, torch.Generator().manual_seed(5)) for _ in range(2))
        torch.testing.assert_close(a, b)
        self.assertLessEqual(a.abs().max().item(), 1.0)


class Figures(unittest.TestCase):
    def test_auroc_counts_ties_as_half(self) -> None:
        self.assertAlmostEqual(auroc(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.4, 0.4, 0.8])), 0.875)
        self.assertTrue(np.isnan(auroc(np.zeros(3), np.arange(3.0))))

    def test_bootstrap_is_by_patient_and_seeded(self) -> None:
        rng = np.random.default_rng(6)
        labels, scores = (rng.random((40, 2)) < 0.5).astype(float), rng.random((40, 2))
        patients = np.repeat(np.arange(10), 4)
        a, b = (bootstrap(labels, scores, patients, 5) for _ in range(2))
        np.testing.assert_array_equal(a, b)

    def test_psnr_and_ssim_of_equal_images(self) -> None:
        x = torch.rand(2, 1, 32, 32) * 2 - 1
        self.assertGreater(psnr(x, x).min().item(), 100)
        torch.testing.assert_close(ssim(x, x), torch.ones(2))

    def test_platt_recovers_a_known_line(self) -> None:
        rng = np.random.default_rng(7)
        logits = rng.normal(size=20000) * 2
        labels = (rng.random(20000) < sigmoid(0.7 * logits - 1.0)).astype(float)
        slope, intercept = platt(logits, labels)
        self.assertAlmostEqual(slope, 0.7, delta=0.05)
        self.assertAlmostEqual(intercept, -1.0, delta=0.08)

    def test_threshold_leaves_the_share_of_negatives_below(self) -> None:
        probabilities = np.append(np.arange(100) / 100, [0.99, 0.99])
        labels = np.append(np.zeros(100), [1, 1])
        threshold = operating_point(probabilities, labels, 0.9)
        self.assertAlmostEqual((probabilities[:100] < threshold).mean(), 0.9)

    def test_calibration_has_positive_slopes_and_marks_rare_findings(self) -> None:
        rng = np.random.default_rng(8)
        labels = (rng.random((600, 14)) < 0.2).astype(float)
        labels[:, 13] = 0
        labels[0, 13] = 1
        val = labels.copy()
        val[:, 13] = 0
        logits = labels + rng.normal(size=labels.shape)
        entries = calibrate(logits, labels, logits, val, np.arange(len(val)))
        self.assertTrue(all(e["slope"] > 0 and 0 < e["threshold"] < 1 for e in entries))
        self.assertEqual((entries[13]["claimable"], entries[0]["claimable"]), (False, True))

    def test_schedule_warms_up_and_falls(self) -> None:
        self.assertLess(cosine(0, 100, 10, 1.0), 0.2)
        self.assertAlmostEqual(cosine(10, 100, 10, 1.0), 1.0)
        self.assertAlmostEqual(cosine(100, 100, 10, 1.0), 0.02)


if __name__ == "__main__":
    unittest.main()
