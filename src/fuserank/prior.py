"""The prior of a ranker: what it falls back on, and how far it may leave it.

Few judgments are enough for a handful of weights, not for a network: the linear prior over the pair scores is fitted alone, by a
method without randomness, before the network is trained on top of it; afterwards validation says how much of the network to trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from fuserank.losses import Loss
from fuserank.metrics.ndcg import ndcg
from fuserank.ranker import Ranker, Slates, blend

SHRINKAGE = 1e-3  # L2 on the prior's weights, which start at 1 each
STEPS = 60
FOLDS = 5
Batch = tuple[Tensor, Tensor, Tensor]  # pair scores (B, N, S), grades (B, N), mask (B, N)
TRUSTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def fit_prior(ranker: Ranker, batches: Iterable[tuple[Slates, Tensor]], loss: Loss) -> None:
    """Set the prior's weights; nothing else is changed.

    All pair scores together, or the best of them alone: the sum must beat the single score by a standard error on training queries
    that neither has seen (FOLDS-fold, by batch; one batch alone is judged on what it was fitted to), or it is not believed.

    Args:
        batches: training slates with their grades (B, N).
    """
    scores = len(ranker.spec.pair_owners)
    if not scores:
        return
    read = [(ranker.present_pairs(slates), grades, slates.mask) for slates, grades in batches]
    everything, columns = torch.arange(scores), [torch.tensor([column]) for column in range(scores)]
    together, alone = [], []
    for fold in range(min(FOLDS, len(read))):
        rest = [b for i, b in enumerate(read) if i % FOLDS != fold] or read
        held = [b for i, b in enumerate(read) if i % FOLDS == fold]
        together.append(_quality(_fit(everything, scores, rest, loss), held))
        alone.append(_quality(_best_alone(columns, scores, rest), held))
    gain = np.concatenate(together) - np.concatenate(alone)
    believed = gain.mean() > standard_error(gain)
    chosen = everything if believed else _best_alone(columns, scores, read).nonzero()[0]
    ranker.prior.weight.data.copy_(_fit(chosen, scores, read, loss)[None])


def _fit(columns: Tensor, scores: int, batches: Sequence[Batch], loss: Loss) -> Tensor:
    """(S,) weights, 0 outside `columns`: L-BFGS (Liu & Nocedal 1989) on the loss of all `batches` at once."""
    weight = torch.ones(len(columns), device=batches[0][0].device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        losses = [loss(pairs[..., columns] @ weight, grades, mask) for pairs, grades, mask in batches]
        value = torch.stack(losses).mean() + SHRINKAGE * (weight**2).sum()
        value.backward()
        return value

    found = torch.zeros(scores, device=weight.device)
    try:
        optimizer.step(closure)
    except RuntimeError:  # the line search met a loss that is not finite: equal weights
        weight = torch.ones_like(weight)
    found[columns] = torch.nan_to_num(weight.detach(), nan=1.0, posinf=1.0, neginf=1.0)
    return found


def _best_alone(columns: Sequence[Tensor], scores: int, batches: Sequence[Batch]) -> Tensor:
    """(S,) with 1 at the pair score that ranks `batches` best."""
    singles = [torch.zeros(scores).index_fill(0, column, 1.0) for column in columns]
    return max(singles, key=lambda weight: float(_quality(weight, batches).mean()))


def _quality(weight: Tensor, batches: Sequence[Batch]) -> np.ndarray:
    """nDCG@10 of each slate that has a grade above 0 when it is ordered by these weights."""
    found = []
    for pairs, grades, mask in batches:
        for scored, judged, real in zip(pairs.cpu() @ weight.cpu(), grades.cpu(), mask.cpu(), strict=True):
            if (judged[real] > 0).any():
                found.append(ndcg(scored[real].numpy(), judged[real].numpy()))
    return np.array(found)


def best_trust(scored: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """The trust to give, and the mean nDCG@10 on validation that it gives.

    The smallest trust that stands no further below the best one than a standard error of their difference (the one-standard-error
    rule of Breiman et al. 1984): where few queries validate, chance must not move a ranker away from its prior.

    Args:
        scored: of each validation slate the prior's logits, the learned logits and the grades, (N,) each.
    """
    quality = np.array([[ndcg(blend(prior, learned, trust), grades) for trust in TRUSTS] for prior, learned, grades in scored])
    best = quality[:, int(quality.mean(axis=0).argmax())]
    for trust, column in zip(TRUSTS, quality.T, strict=True):
        if (best - column).mean() <= standard_error(best - column):
            return trust, float(column.mean())
    raise AssertionError("the best trust stands 0 below itself")


def standard_error(values: np.ndarray) -> float:
    """Of the mean of values (n,); 0 for n = 1, where nothing is known of it."""
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
