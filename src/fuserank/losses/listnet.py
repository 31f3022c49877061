"""ListNet, listwise (Cao et al. 2007, "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML), top-one form."""

from __future__ import annotations

from torch import Tensor

from fuserank.losses.base import is_informative, mean_over
from fuserank.masking import masked_log_softmax, masked_softmax


def listnet(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """Mean over slates of the cross-entropy from softmax(grades) to softmax(logits); shapes as in `fuserank.losses.base`."""
    target = masked_softmax(grades.to(logits.dtype), mask, dim=1)
    entropy = -(target * masked_log_softmax(logits, mask, dim=1)).sum(dim=1)
    return mean_over(entropy, is_informative(grades, mask))
