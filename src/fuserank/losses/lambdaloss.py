"""LambdaLoss with nDCG weights, listwise (Wang et al. 2018, "The LambdaLoss Framework for Ranking Metric Optimization", CIKM).

The weight of a pair is the LambdaRank one (Burges 2010, MSR-TR-2010-82): the change of nDCG if the two were swapped.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fuserank.losses.base import is_preferred, mean_over


def lambdaloss(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """Mean over slates of Σ over preferred pairs |ΔnDCG_ij| · log(1 + exp(s_j - s_i)).

    ΔnDCG uses the linear gain (gain = grade), discount 1 / log2(1 + rank) and the whole slate, so it optimises `nDCG`; ranks are
    those of the current logits and carry no gradient. Shapes as in `fuserank.losses.base`.
    """
    preferred = is_preferred(grades, mask)
    with torch.no_grad():
        weights = _delta_ndcg(logits, grades.to(logits.dtype) * mask, mask) * preferred
    pairs = F.softplus(logits[:, None, :] - logits[:, :, None]) * weights
    return mean_over(pairs.sum(dim=(1, 2)), preferred.any(dim=(1, 2)))


def _delta_ndcg(logits: Tensor, gains: Tensor, mask: Tensor) -> Tensor:
    """(B, N, N): |gain_i - gain_j| · |discount_i - discount_j| / ideal DCG."""
    # Of equal logits the lower grade stands first: how the slate came ordered plays no part, and a tie has a weight.
    rising = gains.argsort(dim=1)
    falling = logits.masked_fill(~mask, -torch.inf).gather(1, rising).argsort(dim=1, descending=True, stable=True)
    order = rising.gather(1, falling)
    ranks = torch.empty_like(order).scatter_(1, order, torch.arange(order.shape[1], device=order.device).expand_as(order))
    discount = 1 / torch.log2(ranks + 2.0)
    positions = 1 / torch.log2(torch.arange(gains.shape[1], device=gains.device) + 2.0)
    ideal = (gains.sort(dim=1, descending=True).values * positions).sum(dim=1).clamp(min=1e-12)
    swap = (gains[:, :, None] - gains[:, None, :]).abs() * (discount[:, :, None] - discount[:, None, :]).abs()
    return swap / ideal[:, None, None]
