"""ApproxNDCG, listwise: nDCG with every rank replaced by a smooth one.

Qin et al. 2010, "A General Approximation Framework for Direct Optimization of Information Retrieval Measures", Information
Retrieval 13; Bruch et al. 2019, "Revisiting Approximate Metric Optimization in the Age of Deep Neural Networks", SIGIR.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fuserank.losses.base import is_informative, mean_over

TEMPERATURE = 1.0  # at 0.1, the default of TF-Ranking, descent from a reversed order ends in a wrong one


def approx_ndcg(logits: Tensor, grades: Tensor, mask: Tensor, *, temperature: float = TEMPERATURE) -> Tensor:
    """Mean over slates of 1 - Σ_i gain_i / log2(1 + rank_i) / ideal DCG, rank_i = 1 + Σ_{j≠i} σ((s_j - s_i) / temperature).

    The gain is linear (gain = grade) and the whole slate counts, so it optimises `nDCG`. Where every logit is far from every other
    the gradient vanishes: it is a loss to refine an order with. Shapes as in `fuserank.losses.base`.

    Args:
        temperature: > 0, in units of the logits; the smaller, the nearer to nDCG and the flatter elsewhere.
    """
    gains = grades.to(logits.dtype) * mask
    best = gains.sort(dim=1, descending=True)
    # Gain 0 adds nothing: ranks are wanted of the relevant candidates only, which saves most of the pairs.
    relevant = max(int((gains > 0).sum(dim=1).amax()), 1)
    gain, of = best.values[:, :relevant], best.indices[:, :relevant]
    beats = torch.sigmoid((logits[:, None, :] - logits.gather(1, of)[:, :, None]) / temperature) * mask[:, None, :]
    rank = 0.5 + beats.sum(dim=2)  # a candidate meets itself at σ(0) = 1/2
    ideal = (gain / torch.log2(torch.arange(relevant, device=gains.device) + 2.0)).sum(dim=1)
    dcg = (gain / torch.log2(1 + rank)).sum(dim=1)
    return mean_over(1 - dcg / ideal.clamp(min=1e-12), is_informative(grades, mask))
