"""What each modality, or each family of them, gave to the score of a candidate: exact Shapley shares of the ranker's logit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fuserank.explain.probe import Probe
from fuserank.explain.shapley import coalitions, exact_shares


def modality_shares(
    probe: Probe, positions: Sequence[int], groups: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, float]]:
    """Shares of the product modalities of some candidates; all coalitions of all of them are scored together.

    The value of a coalition is the candidate's logit when of its modalities only those are present; query and rivals stay whole.
    What a candidate does not have is no player. Shares sum to its score less `scores_of_nothing`.

    Args:
        positions: of the candidates in the slate.
        groups: name -> modalities that come and go together; None: each on its own. Modalities of no group stay.

    Returns:
        for each candidate its shares by name, in the order of the groups.
    """
    names = [spec.name for spec in probe.ranker.spec.modalities]
    groups = {name: (name,) for name in names} if groups is None else groups
    columns = {group: [names.index(m) for m in members if m in names] for group, members in groups.items()}
    plans = []
    for position in positions:
        present = probe.slate.present[position]
        players = [group for group, members in columns.items() if present[members].any()]
        plans.append((players, _masks(present, [columns[group] for group in players])))
    sizes = [len(masks) for _, masks in plans]
    whom = np.repeat(np.asarray(positions, np.int64), sizes)
    if not len(whom):
        return []
    candidates = replace(probe.slate.take(whom), present=np.concatenate([masks for _, masks in plans]))
    values = np.split(probe.stand_ins(whom, candidates), np.cumsum(sizes)[:-1])
    return [
        dict(zip(players, exact_shares(value[:, None])[0].tolist(), strict=True))
        for (players, _), value in zip(plans, values, strict=True)
    ]


def scores_of_nothing(probe: Probe, positions: Sequence[int]) -> np.ndarray:
    """(C,) what candidates would score without any modality: where their shares start from."""
    whom = np.asarray(positions, np.int64)
    candidates = probe.slate.take(whom)
    return probe.stand_ins(whom, replace(candidates, present=np.zeros_like(candidates.present)))


def _masks(present: np.ndarray, players: Sequence[Sequence[int]]) -> np.ndarray:
    """Present masks of all coalitions: bool (2^P, M)."""
    masks = np.tile(present, (2 ** len(players), 1))
    kept = coalitions(len(players))
    for p, members in enumerate(players):
        masks[:, members] &= kept[:, p, None]
    return masks
