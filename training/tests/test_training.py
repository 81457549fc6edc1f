"""Fast checks that need no data: reduction, folding, quantiser, graph export, metrics, calibration."""

from __future__ import annotations

import unittest

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.hefnet import FIRST, HefNet, Quadratic
from training.classifier.networks import NETWORKS, Cubic
from training.classifier.ranges import RangeWatch, relu_twin
from training.codec.networks import Decoder, Encoder
from training.codec.quantiser import DEAD, Quantiser
from training.codec.whiten import begin_white, fold, moments, whiteness
from training.data.reduce import area_average, reduce_image, upsample2
from training.data.split import Split, label_set
from training.export.by_view import by_view, wilson
from training.export.calibrate import calibrate, operating_points, platt, reference, sigmoid
from training.export.graph import build_graph, run_graph
from training.gate.distribution import distance, fit, gate_model, pool, random_latents, size
from training.latent import LATENTS
from training.loop.images import augment
from training.loop.images import upsample2 as upsample
from training.loop.schedule import cosine
from training.metrics.auroc import auroc, bootstrap
from training.metrics.judge import judge
from training.metrics.likeness import blur_matrix, psnr, ssim


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
        for factor, (channels, side) in LATENTS.items():
            latent = Encoder(factor)(torch.zeros(1, 1, 256, 256))
            self.assertEqual(tuple(latent.shape), (1, channels, side, side))
            self.assertEqual(tuple(Decoder(factor)(latent).shape), (1, 1, 256, 256))

    def test_a_codec_begins_white_and_draws_what_it_can(self) -> None:
        # Smooth noise: neighbouring pixels depend on each other, so that few components carry most of a block.
        films = F.avg_pool2d(torch.randn(40, 1, 134, 134), 7, 1)
        for factor in LATENTS:
            encoder, decoder = Encoder(factor), Decoder(factor)
            begin_white(encoder, decoder, films, upsample(films))
            with torch.no_grad():
                latent = encoder(upsample(films))
                error = (decoder(latent) - upsample(films)).square().mean() / films.var()
            mean, covariance = moments(latent)
            torch.testing.assert_close(mean, torch.zeros(len(mean)), atol=1e-3, rtol=0)
            torch.testing.assert_close(covariance, torch.eye(len(mean)), atol=1e-3, rtol=0)
            self.assertLess(whiteness(latent).item(), 1e-4)
            # At factor 16 a component in eight is left of 64 independent ones of a block: most is lost.
            self.assertLess(error.item(), {2: 0.02, 4: 0.02, 8: 0.2, 16: 0.5}[factor])

    def test_fold_changes_the_latent_and_not_the_image(self) -> None:
        encoder, decoder = Encoder(), Decoder()
        for layer in (encoder.last, decoder.last):  # they begin at zero, where nothing could go wrong
            torch.nn.init.normal_(layer.weight, std=0.1)
            torch.nn.init.normal_(layer.bias)
        x = torch.randn(1, 1, 256, 256)
        with torch.no_grad():
            before, image = encoder(x), decoder(encoder(x))
            mean, matrix = torch.tensor([0.3, -1.0, 2.0, 0.0]), torch.eye(4) + 0.3 * torch.randn(4, 4)
            fold(encoder, decoder, mean, matrix)
            expected = torch.einsum("oc,nchw->nohw", matrix, before - mean.view(1, 4, 1, 1))
            torch.testing.assert_close(encoder(x), expected, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(decoder(encoder(x)), image, atol=1e-3, rtol=1e-3)

    def test_a_code_that_nothing_uses_is_drawn_anew(self) -> None:
        quantiser = Quantiser(codes=2).train()
        quantiser.codebook.copy_(torch.tensor([[0.0] * 4, [9.0] * 4]))
        quantiser.total.copy_(quantiser.codebook)
        latent = torch.full((1, 4, 2, 2), 0.5)
        steps = 0
        while quantiser.codebook[1, 0] > 8 and steps < 1000:
            quantiser(latent)
            steps += 1
        # Its count falls from 1 by a hundredth a step: 0.99^k < DEAD.
        self.assertEqual(steps, int(np.ceil(np.log(DEAD) / np.log(0.99))))
        torch.testing.assert_close(quantiser.codebook[1], torch.full((4,), 0.5))

    def test_quantiser_picks_the_nearest_code(self) -> None:
        quantiser = Quantiser(codes=3).eval()
        quantiser.codebook.copy_(torch.tensor([[0.0] * 4, [1.0] * 4, [5.0] * 4]))
        _, loss, index = quantiser(torch.full((1, 4, 1, 1), 1.2))
        self.assertEqual(index.tolist(), [1])
        self.assertAlmostEqual(loss.item(), 0.04, places=5)

    def test_exported_graph_computes_the_network(self) -> None:
        for factor in FIRST:
            channels, side = LATENTS[factor]
            latents = torch.randn(3, channels, side, side)
            model = HefNet(factor, attention="none" if factor == 4 else "shallow")
            model.train()(latents)
            model.eval().requires_grad_(False)
            bounds = {k: 1.0 for k in ("act1", "act2", "act3", "actGate")}
            document, weights = build_graph(model, bounds, 2.0)
            regions = run_graph(document, weights, latents)
            torch.testing.assert_close(regions, model.regions(latents))
            torch.testing.assert_close(regions.sum(dim=(2, 3)), model(latents))
            self.assertEqual(len(weights), 4 * sum(int(np.prod(t["shape"]))
                                                   for t in document["tensors"].values()))

    def test_exported_graph_computes_a_deep_network_with_sums(self) -> None:
        latents = torch.randn(3, 4, 32, 32)
        model = HefNet(widths=(4, 8, 8, 8), strides=(1, 2, 1), sums=True, attention="none")
        model.train()(latents)
        model.eval().requires_grad_(False)
        document, weights = build_graph(model, {f"act{k}": 1.0 for k in range(1, 5)}, 2.0)
        # The second layer changes the width and the third the side, so only the fourth can add its input.
        self.assertEqual([node["id"] for node in document["nodes"] if node["op"] == "add"], ["sum4"])
        torch.testing.assert_close(run_graph(document, weights, latents), model.regions(latents))
        with self.assertRaises(ValueError):
            HefNet(widths=(4, 8, 8), strides=(1, 1))

    def test_a_gate_measures_distance_and_random_latents_lie_inside(self) -> None:
        latents = torch.randn(400, 4, 32, 32).cumsum(2).cumsum(3) / 20
        features = pool(latents)
        model = fit(features, 16)
        far = distance(features, model)
        self.assertAlmostEqual(float(far.mean()), 1.0, delta=0.05)
        self.assertGreater(distance(features + 30, model).min(), far.max())
        gate = {**{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in model.items()},
                "distanceLimit": 1.5 * float(far.max()), "sizeLimit": float(size(latents).max())}
        drawn = random_latents(gate, (4, 32, 32), 8.0, 300, 1)
        self.assertEqual(tuple(drawn.shape), (300, 4, 32, 32))
        self.assertLessEqual(float(size(drawn).max()), gate["sizeLimit"] * 1.0001)
        self.assertLessEqual(distance(pool(drawn), gate_model(gate)).max(), gate["distanceLimit"])

    def test_range_watch_sees_every_call(self) -> None:
        shared = Quadratic(1)
        model = nn.Sequential(shared, shared)
        watch = RangeWatch(model, limit=1.0)
        model(torch.tensor([[3.0, 0.5]]))
        # 3 is 2 beyond; 0.25 * 9 + 0.5 * 3 = 3.75 is 2.75 beyond.
        self.assertAlmostEqual(watch.take().item(), 4 + 2.75 ** 2, places=5)
        with torch.no_grad():
            model(torch.tensor([[3.0, 0.5]]))
        self.assertEqual(watch.highest, {"0": 3.75})
        self.assertEqual(watch.take().item(), 0)

    def test_relu_twin_has_no_polynomials(self) -> None:
        for make in NETWORKS.values():
            twin = relu_twin(make("f8", "paper"))
            kinds = {type(module) for module in twin.modules()}
            self.assertFalse(kinds & {Quadratic, Cubic})
            self.assertEqual(tuple(twin.eval()(torch.randn(2, 4, 32, 32)).shape), (2, 14))

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

    def test_the_window_of_ssim_is_gaussian(self) -> None:
        point = torch.zeros(1, 1, 30, 24)
        point[0, 0, 15, 12] = 1
        blurred = blur_matrix(30, point.device) @ point[0, 0] @ blur_matrix(24, point.device).T
        self.assertEqual(tuple(blurred.shape), (20, 14))
        self.assertAlmostEqual(blurred.sum().item(), 1.0, places=5)
        # The window's middle lies at (5, 5); one step away it is exp(-1 / (2 * 1.5^2)) of its height.
        self.assertAlmostEqual((blurred[11, 7] / blurred[10, 7]).item(), float(np.exp(-1 / 4.5)), places=5)
        self.assertEqual(blurred.argmax().item(), 10 * 14 + 7)

    def test_platt_recovers_a_known_line(self) -> None:
        rng = np.random.default_rng(7)
        for offset in (0.0, 12.0):  # logits far from zero, too
            logits = offset + rng.normal(size=20000) * 2
            labels = (rng.random(20000) < sigmoid(0.7 * (logits - offset) - 1.0)).astype(float)
            slope, intercept = platt(logits, labels)
            self.assertAlmostEqual(slope, 0.7, delta=0.05)
            self.assertAlmostEqual(intercept + slope * offset, -1.0, delta=0.08)

    def test_threshold_leaves_the_share_of_negatives_below(self) -> None:
        probabilities = np.append(np.arange(100) / 100, [0.99, 0.99])
        labels = np.append(np.zeros(100), [1, 1])
        low, high = operating_points(probabilities, labels)
        self.assertAlmostEqual((probabilities[:100] < high["probability"]).mean(), 0.9)
        self.assertEqual((low, high["sensitivity"]), (high, None))  # two positives say nothing

    def test_operating_points_do_not_cross(self) -> None:
        rng = np.random.default_rng(9)
        labels = (rng.random(2000) < 0.3).astype(float)
        for separation in (0.5, 6.0):
            probabilities = sigmoid(rng.normal(size=2000) + separation * labels)
            low, high = operating_points(probabilities, labels)
            self.assertLessEqual(low["probability"], high["probability"])
            self.assertGreaterEqual(low["sensitivity"], 0.895)
            self.assertGreaterEqual(high["specificity"], 0.895)

    def test_reference_counts_every_image(self) -> None:
        log_odds = np.random.default_rng(10).normal(size=500)
        counts = reference(log_odds, (log_odds > 0.5).astype(float))
        self.assertEqual(sum(counts["positives"]) + sum(counts["negatives"]), 500)
        self.assertEqual(len(counts["edges"]), len(counts["positives"]) + 1)

    def test_calibration_has_positive_slopes_and_marks_rare_findings(self) -> None:
        rng = np.random.default_rng(8)
        labels = (rng.random((600, 14)) < 0.2).astype(float)
        labels[:, 13] = 0
        labels[0, 13] = 1
        val = labels.copy()
        val[:, 13] = 0
        logits = labels + rng.normal(size=labels.shape)
        def split(values: np.ndarray) -> Split:
            count = len(values)
            return Split([], np.zeros(0), values, np.arange(count), np.zeros((count, 3)), label_set("nih"))

        entries = calibrate(split(labels), logits, split(val), logits)
        self.assertTrue(all(e["slope"] > 0 and 0 < e["high"]["probability"] < 1 for e in entries))
        self.assertEqual((entries[13]["claimable"], entries[0]["claimable"]), (False, True))

    def test_a_score_that_reads_the_view_is_no_finding(self) -> None:
        rng = np.random.default_rng(11)
        splits, logits = {}, {}
        for name, count in (("train", 4000), ("val", 1500), ("test", 1500)):
            about = np.zeros((count, 3), np.float32)
            about[:, 0] = rng.random(count) < 0.5
            # Both findings are commoner on AP; the first score reads the view alone, the second the finding too.
            labels = (rng.random((count, 2)) < 0.1 + 0.3 * about[:, :1]).astype(np.float32)
            logits[name] = rng.normal(size=(count, 2)) + 3 * about[:, :1] + labels * [0, 1.5]
            splits[name] = Split([str(k) for k in range(count)], np.zeros(0), labels,
                                 np.array([f"{name}{k}" for k in range(count)]), about, ("First", "Second"))
        found = judge(splits["val"], splits["test"], logits)["val"]
        self.assertGreater(found["findings"]["First"]["auroc"], 0.6)
        self.assertAlmostEqual(found["withinView"]["AP"]["macroAuroc"], (0.5 + 0.855) / 2, delta=0.03)
        entries, rows = by_view(splits, logits)
        self.assertEqual([[e["claimable"] for e in entries[view]] for view in ("PA", "AP")], [[False, True]] * 2)
        high = next(row for row in rows if row["finding"] == "Second" and row["view"] == "AP")["test"]["high"]
        # The threshold leaves 90 % of val's negatives of this view below it; test's are of the same distribution.
        low, top = high["specificity"]["interval95"]
        self.assertTrue(low - 0.02 < 0.9 < top + 0.02)

    def test_differences_are_drawn_together(self) -> None:
        rng = np.random.default_rng(12)
        labels = (rng.random((300, 2)) < 0.3).astype(np.float32)
        split = Split([""] * 300, np.zeros(0), labels, np.repeat(np.arange(150), 2).astype(str), np.zeros((300, 3)), ("A", "B"))
        scores = {part: labels + rng.normal(size=labels.shape) for part in ("val", "test")}
        same = judge(split, split, scores, scores)["val+test"]["aheadOfLinear"]
        self.assertEqual(same, {"macroAuroc": 0.0, "interval95": [0.0, 0.0]})

    def test_an_interval_of_a_share_is_wilsons(self) -> None:
        # 8 of 10: (0.8 + 1.92 / 10 +- 1.96 sqrt(0.016 + 0.9604 / 100)) / (1 + 3.8416 / 10) = 0.49 to 0.943
        self.assertEqual(wilson(8, 10)["interval95"], [0.4902, 0.9433])
        self.assertIsNone(wilson(0, 0)["share"])

    def test_schedule_warms_up_and_falls(self) -> None:
        self.assertLess(cosine(0, 100, 10, 1.0), 0.2)
        self.assertAlmostEqual(cosine(10, 100, 10, 1.0), 1.0)
        self.assertAlmostEqual(cosine(100, 100, 10, 1.0), 0.02)


if __name__ == "__main__":
    unittest.main()
