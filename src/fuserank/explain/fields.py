"""What each field of a product gave to its score: the product is built anew without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fuserank.explain.changed_products import scores_changed
from fuserank.explain.probe import Probe
from fuserank.explain.shapley import MOST_PLAYERS, Shares, divide
from fuserank.features.extraction import ReadBytes
from fuserank.types import Product

# What a shop shows of a product -> the field of `Product`, and what it holds when the shop does not have it.
FIELDS: dict[str, tuple[str, Any]] = {
    "title": ("title", ""),
    "description": ("description", ""),
    "category": ("category", ""),
    "brand": ("brand", ""),
    "price": ("price", None),
    "rating": ("rating", None),
    "popularity": ("popularity", None),
    "picture": ("image", None),
    "sound": ("audio", None),
}


def field_shares(probe: Probe, position: int, product: Product, read_bytes: ReadBytes) -> tuple[list[str], Shares]:
    """Exact Shapley shares of the fields that a product has, in its score.

    The value of a coalition is the candidate's logit when the product has only those fields; every modality that reads a field
    is encoded anew, words are scored by the catalogue's statistics. Few texts are encoded: most coalitions share theirs.

    Returns:
        the P fields, and shares (1, P).
    """
    names = [name for name, (field, empty) in FIELDS.items() if getattr(product, field) != empty]

    def game(coalitions: np.ndarray) -> np.ndarray:
        return scores_changed(probe, position, product, [_only(product, names, row) for row in coalitions], read_bytes)[:, None]

    return names, divide(game, len(names), exact_up_to=MOST_PLAYERS)


def _only(product: Product, names: list[str], kept: np.ndarray) -> Product:
    gone = [FIELDS[name] for name, here in zip(names, kept, strict=True) if not here]
    return replace(product, **dict(gone))
