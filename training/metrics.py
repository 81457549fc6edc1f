"""AUROC with patient-level bootstrap intervals, PSNR, SSIM and MS-SSIM."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from data import Split


def ranks(scores: np.ndarray) -> np.ndarray:
    """1-based average ranks (ties share their mean)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[inverse]


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve over the known labels; nan when one class is absent."""
    known = ~np.isnan(labels)
    labels, scores = labels[known], scores[known]
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    total = ranks(scores)[labels > 0.5].sum()
    return float((total - positives * (positives + 1) / 2.0) / (positives * negatives))


def per_finding(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """AUROC of each column of [N, F]."""
    return np.array([auroc(labels[:, k], scores[:, k]) for k in range(labels.shape[1])])


def macro(labels: np.ndarray, scores: np.ndarray) -> float:
    """Mean AUROC over the findings that have both classes."""
    return float(np.nanmean(per_finding(labels, scores)))


def bootstrap(labels: np.ndarray, scores: np.ndarray, patients: np.ndarray,
              draws: int = 1000, seed: int = 1) -> np.ndarray:
    """AUROC [draws, F] when whole patients are drawn with replacement."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(patients, return_inverse=True)
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    out = np.empty((draws, labels.shape[1]))
    for d in range(draws):
        pick = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        out[d] = per_finding(labels[pick], scores[pick])
    return out


def report(split: Split, scores: np.ndarray, draws: int = 1000) -> dict:
    """Macro and per-finding AUROC with 95 % percentile intervals, ready for JSON."""
    labels, patients = split.labels, split.patients
    point = per_finding(labels, scores)
    present = ~np.isnan(point)
    sampled = bootstrap(labels, scores, patients, draws)

    def interval(values: np.ndarray) -> list[float] | None:
        kept = values[~np.isnan(values)]
        return [round(float(v), 4) for v in np.percentile(kept, [2.5, 97.5])] if len(kept) else None

    findings = {
        name: {"positives": int(np.nansum(labels[:, k])),
               "auroc": round(float(point[k]), 4) if present[k] else None,
               "interval95": interval(sampled[:, k])}
        for k, name in enumerate(split.findings)
    }
    return {"images": len(labels), "patients": len(set(patients.tolist())),
            "macroAuroc": round(float(point[present].mean()), 4),
            "macroInterval95": interval(np.nanmean(sampled[:, present], axis=1)),
            "macroOver": int(present.sum()), "bootstrapDraws": draws, "findings": findings}


def psnr(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image PSNR in dB of [N, 1, H, W] in [-1, 1] (peak 2), after clamping b."""
    error = ((a - b.clamp(-1, 1)) ** 2).mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return 10 * torch.log10(4.0 / error)


def similarity(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Per-image SSIM (Wang et al. 2004: Gaussian 11 x 11, sigma 1.5) of images in [0, 1], and its part
    without luminance."""
    line = torch.exp(-((torch.arange(11, device=a.device) - 5.0) ** 2) / (2 * 1.5**2))
    line = line / line.sum()

    def blur(t: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.conv2d(t, line.view(1, 1, 11, 1)), line.view(1, 1, 1, 11))

    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    contrast = (2 * cov + c2) / (va + vb + c2)
    luminance = (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)
    return (luminance * contrast).mean(dim=(1, 2, 3)), contrast.mean(dim=(1, 2, 3))


def unit(image: torch.Tensor) -> torch.Tensor:
    """[-1, 1] -> [0, 1], clamped."""
    return (image.clamp(-1, 1) + 1) / 2


def ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image SSIM of images in [-1, 1]."""
    return similarity(unit(a), unit(b))[0]


def ms_ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per-image MS-SSIM over five scales (Wang et al. 2003) of images in [-1, 1], side 176 or more."""
    a, b = unit(a), unit(b)
    value = torch.ones(len(a), device=a.device)
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    for scale, weight in enumerate(weights):
        whole, contrast = similarity(a, b)
        part = whole if scale == len(weights) - 1 else contrast
        value = value * part.clamp(min=0).pow(weight)
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return value
