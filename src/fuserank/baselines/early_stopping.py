"""The training loop of the small nets among the baselines: it ends where validation stops getting better."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.metrics.ndcg import ndcg
from fuserank.slates import Slate

EPOCHS = 40


def fit_net(
    net: nn.Module,
    epoch: Callable[[], Iterator[Tensor]],
    scorer: Callable[[], Callable[[Slate], np.ndarray]],
    val: Sequence[Slate],
    *,
    learning_rate: float,
    weight_decay: float,
    patience: int,
    epochs: int = EPOCHS,
) -> None:
    """AdamW; the net ends in eval mode, at the weights of the epoch with the highest mean nDCG@10 (linear gain) on `val`.

    Args:
        epoch: gives the losses of an epoch's steps, each computed when the step before it is done.
        scorer: gives the score function of the net as it stands, in eval mode.
        patience: epochs without a better validation after which it ends.
        epochs: at most.
    """
    optimizer = torch.optim.AdamW(net.parameters(), lr=learning_rate, weight_decay=weight_decay)
    best, weights, since = -1.0, {}, 0
    for _ in range(epochs):
        net.train()
        for loss in epoch():
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        net.eval()
        score = scorer()
        quality = float(np.mean([ndcg(score(s), s.grades) for s in val]))
        since = 0 if quality > best else since + 1
        if quality > best:
            best, weights = quality, {name: value.clone() for name, value in net.state_dict().items()}
        elif since >= patience:
            break
    net.load_state_dict(weights)
