"""The prior of a ranker: what it falls back on, and how far it may leave it.

Few judgments are enough for a handful of weights, not for a network: the linear prior over the pair scores is fitted alone, by a
method without randomness, before the network is trained on top of it; afterwards validation says how much of the network to trust.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from fuserank.losses import Loss
from fuserank.metrics.ndcg import ndcg
from fuserank.ranker import Ranker, Slates, blend

SHRINKAGE = 1e-3  # L2 on the prior's weights, which start at 1 each
STEPS = 60
TRUSTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def fit_prior(ranker: Ranker, batches: Iterable[tuple[Slates, Tensor]], loss: Loss) -> None:
    """Fit the prior's weights by L-BFGS (Liu & Nocedal 1989) to the loss of all `batches` at once; nothing else is changed.

    Args:
        batches: training slates with their grades (B, N).
    """
    if not ranker.spec.pair_owners:
        return
    pairs = [(ranker.present_pairs(slates), grades, slates.mask) for slates, grades in batches]
    weight = ranker.prior.weight.detach().clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([weight], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = torch.stack([loss(s @ weight[0], grades, mask) for s, grades, mask in pairs]).mean() + SHRINKAGE * (weight**2).sum()
        value.backward()
        return value

    try:
        optimizer.step(closure)
    except RuntimeError:  # the line search met a loss that is not finite: the prior stays as it was
        return
    if torch.isfinite(weight).all():
        ranker.prior.weight.data.copy_(weight.detach())


def best_trust(scored: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """The trust that gives the highest mean nDCG@10 on validation, the smallest of equals, and that mean.

    Args:
        scored: of each validation slate the prior's logits, the learned logits and the grades, (N,) each.
    """
    quality = np.mean(
        [[ndcg(blend(prior, learned, trust), grades) for trust in TRUSTS] for prior, learned, grades in scored], axis=0
    )
    best = int(np.argmax(quality))
    return TRUSTS[best], float(quality[best])
