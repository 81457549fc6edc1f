"""Logistic regression on many features for many findings at once."""

from __future__ import annotations

import torch
from torch import nn

from training.loop.loss import known_bce

ITERATIONS = 100


class Standard:
    """Features as multiples of their deviation over the training films."""

    def __init__(self, features: torch.Tensor) -> None:
        self.mean, self.deviation = features.mean(0), features.std(0).clamp_min(1e-6)

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        return (features - self.mean) / self.deviation


def fit_logistic(features: torch.Tensor, labels: torch.Tensor, penalty: float) -> nn.Linear:
    """The linear map [D] -> [F] of least mean cross-entropy over known labels plus penalty / 2 times the squared
    weights of a finding, averaged over the findings. Features are standardised."""
    model = nn.Linear(features.shape[1], labels.shape[1]).to(features.device)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimiser = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=ITERATIONS, history_size=10,
                                  tolerance_change=1e-9, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = known_bce(model(features), labels) + penalty / 2 * model.weight.square().sum() / labels.shape[1]
        loss.backward()
        return loss

    optimiser.step(closure)
    return model.requires_grad_(False)
