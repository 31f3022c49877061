"""The public entry: explain one ranking. Shares of modalities come always and take milliseconds; the rest is done on request."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from fuserank.errors import InputError
from fuserank.explain.attention import fusion_weights
from fuserank.explain.modality_shares import modality_shares, scores_of_nothing
from fuserank.explain.parts import PARTS
from fuserank.explain.probe import Probe
from fuserank.explain.report import Explanation, ProductExplanation, Shop
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate


def explain(
    ranker: Ranker,
    projected: Tensor,
    features: Features,
    slate: Slate,
    *,
    top: int = 10,
    only: Sequence[int] | None = None,
    families: Mapping[str, Sequence[str]] | None = None,
    parts: Sequence[str] = (),
    closely: int = 3,
    shop: Shop | None = None,
) -> Explanation:
    """Explain the scores of a slate's best products.

    Args:
        ranker: in evaluation mode.
        projected: as `project_catalogue` gives it.
        features: that the slate is of.
        slate: the candidates; at least one.
        top: how many products, best first.
        only: positions of the slate that may be among them; None: all.
        families: name -> modalities that are one source of evidence, for shares of families; a modality of none is its own.
        parts: more of PARTS, each of which encodes texts or pictures anew: tens of milliseconds to seconds.
        closely: how many of the products these parts explain.
        shop: for all parts but ``query_words``.

    Raises:
        UnknownNameError: no such part.
        InputError: an empty slate, or a part that needs the shop.
    """
    if not len(slate.rows):
        raise InputError("a slate without candidates", allowed="at least one", todo="give candidates that the catalogue holds")
    wanted = {name: PARTS[name] for name in parts}
    took: dict[str, float] = {}
    started = time.perf_counter()
    probe = Probe(ranker, projected, features, slate)
    order = np.argsort(-probe.scores, kind="stable")
    ranks = np.flatnonzero(np.isin(order, only if only is not None else order))[:top]
    positions = order[ranks]
    products = _by_modality(probe, positions, ranks + 1, families)
    took["modalities"] = _since(started)
    notes: list[str] = []
    for name, part in wanted.items():
        started = time.perf_counter()
        values, said = part(probe, positions[:closely].tolist(), shop)
        products[: len(values)] = [replace(p, **{name: v}) for p, v in zip(products, values, strict=False)]
        notes += said
        took[name] = _since(started)
    queries = features.queries
    return Explanation(
        queries.query_ids[slate.query], queries.texts[slate.query], len(slate.rows), tuple(products), tuple(notes), took
    )


def _by_modality(
    probe: Probe, positions: np.ndarray, ranks: np.ndarray, families: Mapping[str, Sequence[str]] | None
) -> list[ProductExplanation]:
    """Shares of modalities and families, and the fusion's weights beside them."""
    names = [spec.name for spec in probe.ranker.spec.modalities]
    shares = modality_shares(probe, positions.tolist())
    grouped: Sequence[Any] = [None] * len(positions)
    if families is not None:
        named = {member for members in families.values() for member in members}
        grouped = modality_shares(probe, positions.tolist(), {**families, **{m: (m,) for m in names if m not in named}})
    part, stand = probe.part(positions.tolist())
    weights = fusion_weights(probe.ranker, probe.projected, probe.features.queries, part)
    return [
        ProductExplanation(
            product_id=probe.features.catalogue.product_ids[probe.slate.rows[position]],
            rank=int(rank),
            score=float(probe.scores[position]),
            base=float(base),
            modalities=share,
            families=group,
            attention=None if weights is None else {m: float(weights[at, names.index(m)]) for m in share},
        )
        for rank, position, base, share, group, at in zip(
            ranks, positions, scores_of_nothing(probe, positions.tolist()), shares, grouped, stand, strict=True
        )
    ]


def _since(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 3)
