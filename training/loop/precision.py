"""Where 16-bit floats pay: on GPUs, and on processors that multiply them in hardware."""

from __future__ import annotations

from pathlib import Path

import torch


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16 products (AVX-512 BF16 or AMX); elsewhere they are slow."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16"})


def autocast(device: torch.device) -> torch.autocast:
    """A context in which convolutions run in bfloat16 where that pays."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or multiplies_bfloat16())
