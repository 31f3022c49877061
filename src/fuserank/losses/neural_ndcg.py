"""NeuralNDCG, listwise: nDCG with the sorting replaced by a soft one.

Pobrotyn & Białobrzeski 2021, "NeuralNDCG: Direct Optimisation of a Ranking Metric via Differentiable Relaxation of Sorting",
arXiv:2102.07831. The soft sorting is NeuralSort (Grover et al. 2019, arXiv:1903.08850), whose matrix Sinkhorn scaling (Sinkhorn
1964, Annals of Mathematical Statistics 35) makes doubly stochastic.

Time and memory grow with the square of the slate times the number of scalings. A slate longer than CANDIDATES is therefore cut: the
best grades fill at most half of the places, the highest logits of the others the rest, for these are what stands in the way.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fuserank.losses.base import is_informative, mean_over

CANDIDATES = 64
TEMPERATURE = 1.0  # the paper's
SCALINGS = 20  # a fixed number, so that the value of a slate does not depend on its neighbours in the batch


def neural_ndcg(logits: Tensor, grades: Tensor, mask: Tensor, *, temperature: float = TEMPERATURE) -> Tensor:
    """Mean over slates of 1 - Σ_k (P gain)_k / log2(1 + k) / ideal DCG, P[k, j] the share of candidate j at place k.

    The gain is linear (gain = grade), so it optimises `nDCG` of the CANDIDATES kept. Shapes as in `fuserank.losses.base`.

    Args:
        temperature: > 0, in units of the logits; the smaller, the nearer to nDCG and the flatter elsewhere.
    """
    kept = _kept(logits.detach(), grades, mask)
    logits, grades, mask = (values.gather(1, kept) for values in (logits, grades, mask))
    gains = grades.to(logits.dtype) * mask
    discount = 1 / torch.log2(torch.arange(gains.shape[1], device=gains.device) + 2.0)
    places = _doubly_stochastic(_neural_sort(logits, mask) / temperature, mask).exp()
    dcg = torch.einsum("bkj,bj,k->b", places, gains, discount)
    ideal = (gains.sort(dim=1, descending=True).values * discount).sum(dim=1)
    return mean_over(1 - dcg / ideal.clamp(min=1e-12), is_informative(grades, mask))


def _kept(logits: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """(B, min(N, CANDIDATES)) positions kept, padding behind all else; how the slate came ordered plays no part."""
    logits, grades = logits.masked_fill(~mask, -torch.inf), grades.masked_fill(~mask, -1)
    by_logit, by_grade = _descending(logits, grades), _descending(grades, logits)
    if logits.shape[1] <= CANDIDATES:
        return by_logit
    best = by_grade[:, : CANDIDATES // 2]
    first = torch.zeros_like(mask).scatter(1, best, grades.gather(1, best) > 0)
    return by_logit.gather(1, _descending(first.gather(1, by_logit).int()))[:, :CANDIDATES]


def _descending(key: Tensor, ties: Tensor | None = None) -> Tensor:
    """(B, N) positions, highest key first; equal keys by `ties`, highest first, or else as they stand."""
    start = torch.arange(key.shape[1], device=key.device).expand_as(key) if ties is None else _descending(ties)
    return start.gather(1, key.gather(1, start).argsort(dim=1, descending=True, stable=True))


def _neural_sort(logits: Tensor, mask: Tensor) -> Tensor:
    """(B, K, K): (n + 1 - 2k) s_j - Σ_i |s_j - s_i|, the energy of candidate j at place k = 1 … n; n real candidates a slate."""
    distance = ((logits[:, :, None] - logits[:, None, :]).abs() * mask[:, None, :]).sum(dim=2)
    places = torch.arange(1, logits.shape[1] + 1, device=logits.device)
    return (mask.sum(dim=1, keepdim=True) + 1 - 2 * places)[:, :, None] * logits[:, None, :] - distance[:, None, :]


def _doubly_stochastic(energy: Tensor, mask: Tensor) -> Tensor:
    """(B, K, K) logarithms of a matrix whose rows and columns of real candidates sum to 1, padding standing at its own places.

    In logarithms: products of small shares would be lost in float32, and their gradients would overflow.
    """
    own = torch.eye(energy.shape[1], dtype=torch.bool, device=energy.device) & ~mask[:, None, :]
    logs = energy.masked_fill(~(mask[:, :, None] & mask[:, None, :]), torch.finfo(energy.dtype).min / 4).masked_fill(own, 0.0)
    logs = logs - logs.logsumexp(dim=2, keepdim=True)
    for _ in range(SCALINGS):
        logs = logs - logs.logsumexp(dim=1, keepdim=True)
        logs = logs - logs.logsumexp(dim=2, keepdim=True)
    return logs
