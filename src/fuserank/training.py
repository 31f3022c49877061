"""The training loop, read top to bottom: sample slates, project their products, score, descend, validate, keep the best.

The product half of the first layer runs once per distinct product of a batch, as it does in serving. Randomness of an epoch
depends on (seed, epoch) alone, so a run resumed from its checkpoint gives the same weights as one that was never stopped.
"""

from __future__ import annotations

import functools
import inspect
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.catalogue_words import infer_words
from fuserank.checkpoint import load_checkpoint, save_checkpoint
from fuserank.devices import Device
from fuserank.losses import LOSSES, Loss
from fuserank.position_term import PositionTerm
from fuserank.prior import best_trust, fit_prior
from fuserank.ranker import Ranker, RankerSpec, blend
from fuserank.sampling import drop_modalities, family_groups, sample_slate
from fuserank.slates import Features, Slate
from fuserank.training_batches import batch_of, prior_batches, scored
from fuserank.training_group import ONE_PROCESS, TrainingGroup
from fuserank.training_vectors import ScaledVectors, scaling_vectors
from fuserank.transfer import warm_start


@dataclass(frozen=True)
class TrainingKnobs:
    """How a ranker is trained; names and meaning as in `fuserank.settings.TrainingSettings`."""

    loss: str = "softmax"
    epochs: int = 20
    patience: int = 8
    batch_queries: int = 16
    slate: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    late_learning_rate: float = 3e-3
    late_weight_decay: float = 0.3
    modality_dropout: float = 0.1
    families: tuple[tuple[str, ...], ...] = ()
    device: Device = "auto"
    precision: str = "auto"
    max_grade: float = 3.0


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: mean training loss, validation nDCG@10 (linear gain) at the best trust, seconds since the start."""

    epoch: int
    loss: float
    val_ndcg: float
    seconds: float


@dataclass(frozen=True)
class Trained:
    """A trained ranker (on the CPU, in eval mode, at its best epoch) and how it got there.

    `best` is that epoch, with the nDCG@10 of the ranker as it is given back, words of the catalogue included; `fresh` says in words
    what did not start from the weights of `start`.
    """

    ranker: Ranker
    history: tuple[Epoch, ...]
    best: Epoch
    fresh: tuple[str, ...] = ()


def train(
    spec: RankerSpec,
    features: Features,
    train_slates: Sequence[Slate],
    val_slates: Sequence[Slate],
    knobs: TrainingKnobs,
    *,
    seed: int,
    start: Ranker | Path | None = None,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 0.0,
    on_epoch: Callable[[Epoch], None] | None = None,
    group: TrainingGroup = ONE_PROCESS,
) -> Trained:
    """Train one ranker.

    Args:
        train_slates, val_slates: slates of judged queries; the best epoch is the one with the highest nDCG@10 on `val_slates`.
        seed: of weights, slate sampling, dropout.
        start: a trained ranker, or its model folder, to start from as far as the two mean the same (`fuserank.transfer`).
        checkpoint: a folder; when it holds a state of the same spec, knobs and seed, training goes on from there.
        checkpoint_seconds: a state is written when the last one is so old; 0: after every epoch.
        on_epoch: called after each epoch, for logs and progress.
        group: the processes that train this ranker together, each of which calls this with the same arguments and gets the same
            ranker; only rank 0 writes the checkpoint.

    Raises:
        UnknownNameError: no such loss, fusion or scorer.
        ValueError: no slate to train on or to validate with.
    """
    if not train_slates or not val_slates:
        raise ValueError(
            f"{len(train_slates)} training and {len(val_slates)} validation slates; both need at least one judged query"
        )
    device = group.device(knobs.device)
    loss = _loss(knobs)
    torch.manual_seed(seed)
    ranker = Ranker(spec)
    ranker.fit_scaling(*scaling_vectors(features, train_slates))
    fresh = [] if start is None else warm_start(ranker, start, {m.name: m.encoder.info for m in features.modalities if m.encoder})
    ranker.to(device)
    vectors = ScaledVectors(ranker, features, [*train_slates, *val_slates])
    fit_prior(ranker, prior_batches(ranker, vectors, train_slates, knobs.batch_queries, knobs.slate, seed), loss)
    if ranker.late is not None:
        ranker.late.seen[torch.from_numpy(np.unique(features.queries.words[[s.query for s in train_slates]]))] = True
        ranker.late.seen[0] = False
    places = PositionTerm.of(train_slates)
    learner = (
        nn.ModuleList([ranker, places.to(device)]) if places is not None else ranker
    )  # what is learned; the ranker alone is given back
    optimizer = _optimizer(ranker, places, knobs)
    identity = _identity(spec, knobs, seed) | {"places": 0 if places is None else len(places.logits)}
    state = load_checkpoint(checkpoint, learner, optimizer, identity) if checkpoint else None
    history: list[Epoch] = [Epoch(**e) for e in state["history"]] if state else []
    best_weights: dict[str, Tensor] = state["best_weights"] if state else {}
    saved = history[-1].seconds if history else 0.0
    started = time.monotonic() - saved

    for epoch in range(len(history) + 1, knobs.epochs + 1):
        if _stalled(history, knobs.patience):
            break
        for half in optimizer.param_groups:  # a half cosine from the full rate to 0 (Loshchilov & Hutter 2017, arXiv:1608.03983)
            half["lr"] = half["full_rate"] * (1 + math.cos(math.pi * (epoch - 1) / knobs.epochs)) / 2
        rng = np.random.default_rng([seed, epoch])
        mean_loss = _one_epoch(ranker, places, vectors, train_slates, loss, optimizer, knobs, rng, group)
        result = Epoch(epoch, mean_loss, validate(ranker, vectors, val_slates, group), time.monotonic() - started)
        history.append(result)
        if result is _best(history):
            best_weights = {name: value.detach().cpu().clone() for name, value in ranker.state_dict().items()}
        if checkpoint and group.rank == 0 and result.seconds - saved >= checkpoint_seconds:
            saved = result.seconds
            save_checkpoint(
                checkpoint, learner, optimizer, identity, history=[e.__dict__ for e in history], best_weights=best_weights
            )
        if on_epoch:
            on_epoch(result)

    ranker.load_state_dict(best_weights)
    infer_words(ranker, vectors, train_slates)
    trust, quality = best_trust(group.together(scored(ranker, vectors, group.share(val_slates))))
    ranker.trust.fill_(trust)
    return Trained(ranker.cpu().eval(), tuple(history), replace(_best(history), val_ndcg=quality), tuple(fresh))


def validate(ranker: Ranker, vectors: ScaledVectors, slates: Sequence[Slate], group: TrainingGroup = ONE_PROCESS) -> float:
    """Mean nDCG@10 (linear gain) at the best trust over slates, each of which has a grade above 0."""
    return best_trust(group.together(scored(ranker, vectors, group.share(slates))))[1]


def _one_epoch(
    ranker: Ranker,
    places: PositionTerm | None,
    vectors: ScaledVectors,
    slates: Sequence[Slate],
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    knobs: TrainingKnobs,
    rng: np.random.Generator,
    group: TrainingGroup,
) -> float:
    """Mean loss over one pass through the training queries in random order."""
    torch.manual_seed(int(rng.integers(2**62)) + group.rank)
    ranker.train()
    device = vectors.device
    bfloat16 = knobs.precision == "bfloat16" or (knobs.precision == "auto" and device.type == "cuda")
    groups = family_groups([spec.name for spec in ranker.spec.modalities], knobs.families).to(device)
    order, losses = rng.permutation(len(slates)), []
    for start in range(0, len(order), knobs.batch_queries):
        batch = [sample_slate(slates[q], knobs.slate, rng) for q in order[start : start + knobs.batch_queries]]
        optimizer.zero_grad(set_to_none=True)
        if part := group.share(batch):
            value = _loss_of(ranker, places, vectors, part, loss, knobs, groups, bfloat16) * (len(part) / len(batch))
            value.backward()
        learned = [*ranker.parameters(), *(() if places is None else places.parameters())]
        group.add_gradients(learned)
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        losses.append(group.total(value.item() if part else 0.0))
    return float(np.mean(losses))


def _loss_of(
    ranker: Ranker,
    places: PositionTerm | None,
    vectors: ScaledVectors,
    part: Sequence[Slate],
    loss: Loss,
    knobs: TrainingKnobs,
    groups: Tensor,
    bfloat16: bool,
) -> Tensor:
    """Mean loss over some slates, some of whose modalities are dropped."""
    with torch.autocast(vectors.device.type, torch.bfloat16) if bfloat16 else nullcontext():
        inputs, projected, grades = batch_of(ranker, vectors, part)
        inputs = drop_modalities(inputs, knobs.modality_dropout, groups)
        prior, learned = ranker.parts(projected, inputs)
        # A network corrects the prior; late interaction explains relevance by itself and meets the prior when trust is chosen:
        # trained on top of a prior that has the words already, it would not learn them.
        scores = blend(prior, learned, 1) if ranker.late is None else learned
    scores = scores.float() if places is None else scores.float() + places(part)
    return loss(scores, grades, inputs.mask)


def _optimizer(ranker: Ranker, places: PositionTerm | None, knobs: TrainingKnobs) -> torch.optim.Optimizer:
    """AdamW; late interaction has a rate and a decay of its own. A group's `full_rate` is where its schedule starts."""
    late = [] if ranker.late is None else list(ranker.late.parameters())
    ids = {id(p) for p in late}
    rest = [p for p in ranker.parameters() if p.requires_grad and id(p) not in ids]
    groups = [
        {"params": parameters, "lr": rate, "full_rate": rate, "weight_decay": decay}
        for parameters, rate, decay in (
            (rest, knobs.learning_rate, knobs.weight_decay),
            (late, knobs.late_learning_rate, knobs.late_weight_decay),
            ([] if places is None else list(places.parameters()), knobs.late_learning_rate, 0.0),
        )
        if parameters
    ]
    return torch.optim.AdamW(groups, fused=True)  # one pass over the weights: a fifth of the time of one pass for each operation


def _loss(knobs: TrainingKnobs) -> Loss:
    """The loss by name, with the highest grade filled in where it wants it."""
    loss: Any = LOSSES[knobs.loss]
    return functools.partial(loss, max_grade=knobs.max_grade) if "max_grade" in inspect.signature(loss).parameters else loss


def _best(history: Sequence[Epoch]) -> Epoch:
    return max(history, key=lambda e: e.val_ndcg)


def _stalled(history: Sequence[Epoch], patience: int) -> bool:
    return bool(history) and history[-1].epoch - _best(history).epoch >= patience


def _identity(spec: RankerSpec, knobs: TrainingKnobs, seed: int) -> dict[str, Any]:
    """What must be equal for a checkpoint to be resumed."""
    return {"spec": spec.as_dict(), "knobs": dict(knobs.__dict__), "seed": seed}
