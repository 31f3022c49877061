"""Softmax cross-entropy on normalised gains, listwise (Bruch et al. 2019, "An Analysis of the Softmax Cross Entropy Loss for
Learning-to-Rank with Binary Relevance", ICTIR; with graded gains as in Bruch 2021, arXiv:1911.09798).

Unlike ListNet, whose target gives every irrelevant candidate a share exp(0), grade 0 gets no mass here: on slates of hundreds
of candidates with few relevant ones ListNet's target is mostly noise, this one is not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fuserank.losses.base import is_informative, mean_over
from fuserank.masking import masked_log_softmax


def softmax_cross_entropy(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """Mean over slates of -Σ p_i log softmax(logits)_i, p = (2^grade - 1) / Σ(2^grade - 1); shapes as in `fuserank.losses.base`."""
    gains = (torch.exp2(grades.to(logits.dtype)) - 1) * mask
    target = gains / gains.sum(dim=1, keepdim=True).clamp(min=1e-12)
    entropy = -(target * masked_log_softmax(logits, mask, dim=1)).sum(dim=1)
    return mean_over(entropy, is_informative(grades, mask))
