"""Keeping polynomial activations in range: what enters them is watched, and penalised beyond a limit."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from training.classifier.hefnet import Quadratic
from training.classifier.networks import Cubic


class RangeWatch:
    """Sees the input of every polynomial of a model, called once or several times, in each forward pass."""

    def __init__(self, model: nn.Module, limit: float = float("inf")) -> None:
        self.limit = limit
        self.highest: dict[str, float] = {}
        self.excess: list[torch.Tensor] = []
        self.hooks = [
            module.register_forward_pre_hook(lambda _, inputs, name=name: self.see(name, inputs[0]))
            for name, module in model.named_modules() if isinstance(module, (Quadratic, Cubic))]

    def see(self, name: str, x: torch.Tensor) -> None:
        if torch.is_grad_enabled():
            self.excess.append(F.relu(x.abs() - self.limit).pow(2).sum() / len(x))
        else:
            self.highest[name] = max(self.highest.get(name, 0.0), float(x.abs().max()))

    def stop(self) -> None:
        """See nothing more."""
        for hook in self.hooks:
            hook.remove()

    def take(self) -> torch.Tensor:
        """Sum of squared excess per image of the forward pass since the last call."""
        total = torch.stack(self.excess).sum() if self.excess else torch.zeros(())
        self.excess = []
        return total


def keep_squares(model: nn.Module) -> None:
    """After each step: no quadratic becomes a line, by which a folded scale would be divided by zero."""
    for module in model.modules():
        if isinstance(module, Quadratic):
            module.keep_square()


def relu_twin(model: nn.Module) -> nn.Module:
    """The same network with ReLU for every quadratic and a sigmoid for every cubic; changed in place."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Quadratic):
                setattr(parent, name, nn.ReLU())
            elif isinstance(child, Cubic):
                setattr(parent, name, nn.Sigmoid())
    return model
