"""What a loss is: a function of a batch of slates, safe on padding and on slates that cannot teach anything.

Shapes: logits (B, N) real; grades (B, N) in 0..max_grade; mask (B, N) bool, False for padding. All losses return a scalar: the
mean over the slates that carry information (a slate that is empty, or where all grades are equal for ranking losses, counts
neither in the sum nor in the mean), and exactly 0 with zero gradient when no slate does.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def mean_over(values: Tensor, useful: Tensor) -> Tensor:
    """Mean of values (B,) over the slates where useful (B,) is True; 0 when there is none."""
    return (values * useful).sum() / useful.sum().clamp(min=1)


def is_informative(grades: Tensor, mask: Tensor) -> Tensor:
    """(B,) bool: the slate holds at least two different grades."""
    highest = grades.masked_fill(~mask, -1).amax(dim=1)
    lowest = grades.masked_fill(~mask, torch.iinfo(torch.int32).max).amin(dim=1)
    return highest > lowest


def is_preferred(grades: Tensor, mask: Tensor) -> Tensor:
    """(B, N, N) bool: at [b, i, j] candidate i has a higher grade than j, and both are real."""
    higher = grades[:, :, None] > grades[:, None, :]
    return higher & mask[:, :, None] & mask[:, None, :]
