"""Binary cross-entropy, pointwise: each candidate's σ(logit) against its grade as a share of the highest grade.

A graded target in [0, 1] is the soft-label reading of BCE; with grades 0/1 it is the textbook loss.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fuserank.losses.base import mean_over


def bce(logits: Tensor, grades: Tensor, mask: Tensor, *, max_grade: float = 3.0) -> Tensor:
    """Mean over slates of the mean over candidates of BCE(σ(logit), grade / max_grade); shapes as in `fuserank.losses.base`."""
    each = F.binary_cross_entropy_with_logits(logits, grades / max_grade, reduction="none") * mask
    counts = mask.sum(dim=1)
    return mean_over(each.sum(dim=1) / counts.clamp(min=1), counts > 0)
