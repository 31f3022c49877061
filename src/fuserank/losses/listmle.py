"""ListMLE, listwise (Xia et al. 2008, "Listwise Approach to Learning to Rank: Theory and Algorithm", ICML), and its position-aware
form p-ListMLE (Lan et al. 2014, "Position-Aware ListMLE: A Sequential Learning Process for Ranking", UAI).

The paper's likelihood is that of one order; grades leave many orders open, as most candidates share a grade. Candidates of equal
grade are here drawn from the same denominator (Breslow 1974, "Covariance Analysis of Censored Survival Data", Biometrics, whose
partial likelihood is the same Plackett-Luce model), so that the order in which a slate came plays no part. The lowest grade of a
slate has nothing below it and adds nothing. Without ties this is the paper's formula.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fuserank.losses.base import is_informative, mean_over


def listmle(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """Mean over slates of Σ_i [log Σ_{j: grade_j <= grade_i} exp s_j - s_i]; shapes as in `fuserank.losses.base`.

    Grades count by their order alone: there is no gain and no discount.
    """
    surprise, _ = _surprise(logits, grades, mask)
    return mean_over(surprise.sum(dim=1), is_informative(grades, mask))


def p_listmle(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """As `listmle`, each candidate weighted by the discount of its place in the ideal order.

    The paper asks for weights that fall with the place and suggests 2^(n - i) - 1, beyond float32 on slates of hundreds: the weight
    here is that of `nDCG`, 1 / log2(1 + i), candidates of equal grade sharing the mean of their places.
    """
    surprise, order = _surprise(logits, grades, mask)
    sorted_grades = grades.masked_fill(~mask, -1).gather(1, order).flip(1)  # best first, padding last
    discount = 1 / torch.log2(torch.arange(grades.shape[1], device=grades.device) + 2.0)
    before = torch.cat([discount.new_zeros(1), discount.cumsum(0)])
    first = torch.searchsorted(-sorted_grades, -sorted_grades)
    behind = torch.searchsorted(-sorted_grades, -sorted_grades, right=True)
    weights = ((before[behind] - before[first]) / (behind - first)).flip(1)
    return mean_over((surprise * weights).sum(dim=1), is_informative(grades, mask))


def _surprise(logits: Tensor, grades: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """-log of the chance that a candidate is drawn before those of its grade and below: (B, N), and the order its columns are in.

    The order is by grade, lowest first, padding before all. The lowest grade and padding have 0.
    """
    ascending = grades.masked_fill(~mask, -1).sort(dim=1, stable=True)
    order, sorted_grades = ascending.indices, ascending.values
    here = mask.gather(1, order)
    # The lowest finite number and not -inf, whose gradient is NaN.
    scores = logits.gather(1, order).masked_fill(~here, torch.finfo(logits.dtype).min)
    behind = torch.searchsorted(sorted_grades, sorted_grades, right=True) - 1
    rivals = scores.logcumsumexp(dim=1).gather(1, behind)
    lowest = grades.masked_fill(~mask, torch.inf).amin(dim=1, keepdim=True)
    return (rivals - scores).masked_fill(~here | (sorted_grades <= lowest), 0.0), order
