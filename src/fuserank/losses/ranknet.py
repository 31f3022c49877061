"""RankNet, pairwise (Burges et al. 2005, "Learning to Rank using Gradient Descent", ICML)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fuserank.losses.base import is_preferred, mean_over


def ranknet(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """Mean over slates of the mean over preferred pairs (i, j) of log(1 + exp(s_j - s_i)); shapes as in `fuserank.losses.base`."""
    preferred = is_preferred(grades, mask)
    pairs = F.softplus(logits[:, None, :] - logits[:, :, None]) * preferred
    counts = preferred.sum(dim=(1, 2))
    return mean_over(pairs.sum(dim=(1, 2)) / counts.clamp(min=1), counts > 0)
