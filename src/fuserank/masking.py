"""Arithmetic over things of which some are absent or padding: never NaN, never a share for what is not there."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_softmax(logits: Tensor, mask: Tensor, dim: int) -> Tensor:
    """Softmax over the entries where `mask` is True; 0 elsewhere, and all 0 (not NaN) where nothing is True."""
    return masked_log_softmax(logits, mask, dim).exp() * mask


def masked_log_softmax(logits: Tensor, mask: Tensor, dim: int) -> Tensor:
    """Logarithm of `masked_softmax` where `mask` is True; 0 elsewhere, so that it can be summed."""
    lowest = torch.finfo(logits.dtype).min
    return torch.log_softmax(logits.masked_fill(~mask, lowest), dim=dim).masked_fill(~mask, 0.0)
