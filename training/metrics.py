"""AUROC with patient-level bootstrap intervals, PSNR and SSIM."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from data import FINDINGS


def ranks(scores: np.ndarray) -> np.ndarray:
    """1-based average ranks (ties share their mean)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[inverse]


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve; nan when one class is absent."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    total = ranks(scores)[labels > 0.5].sum()
    return float((total - positives * (positives + 1) / 2.0) / (positives * negatives))


def per_finding(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """AUROC of each column of [N, 14]."""
    return np.array([auroc(labels[:, k], scores[:, k]) for k in range(labels.shape[1])])


def macro(labels: np.ndarray, scores: np.ndarray) -> float:
    """Mean AUROC over the findings that have both classes."""
    return float(np.nanmean(per_finding(labels, scores)))


def bootstrap(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray,
              draws: int = 1000, seed: int = 1) -> np.ndarray:
    """AUROC [draws, 14] when whole patients are drawn with replacement."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(patients, return_inverse=True)
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    out = np.empty((draws, labels.shape[1]))
    for d in range(draws):
        pick = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        out[d] = per_finding(labels[pick], scores[pick])
    return out


def report(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray, draws: int = 1000) -> dict:
    """Macro and per-finding AUROC with 95 % percentile intervals, ready for JSON."""
    point = per_finding(labels, scores)
    present = ~np.isnan(point)
    sampled = bootstrap(labels, scores, patients, draws)

    def interval(values: np.ndarray) -> list[float] | None:
        kept = values[~np.isnan(values)]
        return [round(float(v), 4) for v in np.percentile(kept, [2.5, 97.5])] if len(kept) else None

    findings = {
        name: {"positives": int(labels[:, k].sum()),
               "auroc": round(float(point[k]), 4) if present[k] else None,
               "interval95": interval(sampled[:, k])}
        for k, name in enumerate(FINDINGS)
    }
    return {"images": len(labels), "patients": len(set(patients.tolist())),
            "macroAuroc": round(float(point[present].mean()), 4),
            "macroInterval95": interval(np.nanmean(sampled[:, present], axis=1)),
            "macroOver": int(present.sum()), "bootstrapDraws": draws, "findings": findings}


def psnr(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image PSNR in dB of [N, 1, H, W] in [-1, 1] (peak 2), after clamping b."""
    error = ((a - b.clamp(-1, 1)) ** 2).mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return 10 * torch.log10(4.0 / error)


def ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image SSIM (Wang et al. 2004: Gaussian 11 x 11, sigma 1.5) of images in [-1, 1]."""
    x, y = (a + 1) / 2, (b.clamp(-1, 1) + 1) / 2
    line = torch.exp(-((torch.arange(11, device=a.device) - 5.0) ** 2) / (2 * 1.5**2))
    line = line / line.sum()

    def blur(t: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.conv2d(t, line.view(1, 1, 11, 1)), line.view(1, 1, 1, 11))

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    value = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return value.mean(dim=(1, 2, 3))
