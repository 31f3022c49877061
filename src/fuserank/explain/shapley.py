"""Shapley shares (Shapley 1953): what each player gave to a score, fairly divided.

A game has P players and a value for each coalition of them; here players are modalities, words or fields, and the value is the
ranker's logit when only the coalition is there. φ_p is the mean, over all orders in which players can come, of what p adds when
it comes. It is the only division that is efficient (shares sum to full − base), symmetric (equal players get equal shares) and
gives a player that never adds anything 0.

Up to a number of players all 2^P coalitions are valued and the shares are exact; beyond it orders are sampled with captum
(Castro et al. 2009, "Polynomial calculation of the Shapley value based on sampling"), which keeps efficiency and costs spread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np

# Values of K coalitions for C things at once: bool (K, P) -> float (K, C).
Game = Callable[[np.ndarray], np.ndarray]
MOST_PLAYERS = 12  # 2^12 coalitions are what `exact` values at most


@dataclass(frozen=True)
class Shares:
    """The division of C scores among P players.

    Attributes:
        values: (C, P) shares, in units of the score; negative: the player lowers it.
        base: (C,) the score without any player.
        full: (C,) the score with all; values.sum(1) = full − base.
        exact: all coalitions were valued; False: the shares were sampled.
    """

    values: np.ndarray
    base: np.ndarray
    full: np.ndarray
    exact: bool = True


def coalitions(players: int) -> np.ndarray:
    """All of them: bool (2^P, P); row r holds the players that are bits of r, so row 0 is empty and the last is full."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def exact_shares(values: np.ndarray) -> np.ndarray:
    """Shares from the values of all coalitions.

    Args:
        values: (2^P, C) in the order of `coalitions`.

    Returns:
        float64 (C, P).
    """
    values = np.asarray(values, np.float64)
    players = len(values).bit_length() - 1
    masks, rows = coalitions(players), np.arange(len(values))
    weight = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    shares = np.empty((values.shape[1], players))
    for p in range(players):
        without = rows[~masks[:, p]]
        shares[:, p] = weight[masks[without].sum(1)] @ (values[without | 1 << p] - values[without])
    return shares


def divide(game: Game, players: int, *, exact_up_to: int, orders: int = 32, seed: int = 0) -> Shares:
    """Divide the scores of a game.

    Args:
        game: called with coalitions; a coalition is never asked for twice when orders are sampled.
        players: P, may be 0: nobody shares.
        exact_up_to: P up to which the shares are exact, at most MOST_PLAYERS.
        orders: how many are sampled beyond it.
        seed: of the sampled orders.
    """
    if players <= min(exact_up_to, MOST_PLAYERS):
        values = np.asarray(game(coalitions(players)), np.float64)
        return Shares(exact_shares(values), values[0], values[-1])
    return _sampled(game, players, orders, seed)


def _sampled(game: Game, players: int, orders: int, seed: int) -> Shares:
    """The mean over sampled orders; captum asks once for each of the C scores, and gets what was computed the first time."""
    import torch
    from captum.attr import ShapleyValueSampling

    known: dict[bytes, np.ndarray] = {}

    def values(masks: np.ndarray) -> np.ndarray:
        new = {mask.tobytes(): mask for mask in masks if mask.tobytes() not in known}
        if new:
            known.update(zip(new, np.asarray(game(np.stack(list(new.values()))), np.float64), strict=True))
        return np.stack([known[mask.tobytes()] for mask in masks])

    everyone = torch.ones(1, players)
    base, full = values(np.stack([np.zeros(players, bool), np.ones(players, bool)]))
    shares = []
    for c in range(len(full)):
        sampling = ShapleyValueSampling(lambda kept, c=c: torch.from_numpy(values(kept.numpy() > 0)[:, c]))
        with torch.random.fork_rng(devices=[]):  # captum draws from the global generator
            torch.manual_seed(seed)
            found = sampling.attribute(everyone, baselines=0, n_samples=orders, perturbations_per_eval=players)
        shares.append(found[0].double().numpy())
    return Shares(np.stack(shares), base, full, exact=False)
