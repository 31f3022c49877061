"""Sides for what is new: train, val or test by hash, so that nothing ever changes sides, and what looks alike on one side.

The rules are those of `fuserank.data.leakage`: a title, a picture, a sound or a wording stands on one side only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fuserank.types import Product

SHARES = {"train": 0.7, "val": 0.8, "test": 1.0}  # upper ends


def side_of(identity: str) -> str:
    """The side of something that is like nothing else."""
    place = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4]) / 2**32
    return next(side for side, end in SHARES.items() if place < end)


def sides_of(new: Sequence[Product], old: Iterable[Product]) -> dict[str, str | None]:
    """product id -> side, of products that are new; None, all sides, for one that is like products of two sides.

    Args:
        new: in any order.
        old: products that have their side, also as they were before they changed; one without is on all of them, and holds nobody.
    """
    taken: dict[str, set[str]] = {}
    for product in old:
        for trait in _traits(product) if product.split else ():
            taken.setdefault(trait, set()).add(product.split or "")
    traits = {trait: t for t, trait in enumerate(dict.fromkeys(trait for product in new for trait in _traits(product)))}
    pairs = np.array([(row, traits[trait]) for row, product in enumerate(new) for trait in _traits(product)]).reshape(-1, 2)
    shape = (len(new) + len(traits),) * 2
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], len(new) + pairs[:, 1])), shape=shape)
    groups = connected_components(links, directed=False)[1]
    held: dict[int, set[str]] = {}
    for trait, t in traits.items():
        held.setdefault(int(groups[len(new) + t]), set()).update(taken.get(trait, ()))
    first: Mapping[int, str] = {int(groups[row]): new[row].product_id for row in reversed(range(len(new)))}
    of = zip(new, map(int, groups[: len(new)]), strict=True)
    return {product.product_id: _choose(held.get(group, set()), first[group]) for product, group in of}


def _choose(held: set[str], identity: str) -> str | None:
    if len(held) > 1:
        return None
    return next(iter(held)) if held else side_of(identity)


def _traits(product: Product) -> list[str]:
    """What must not stand on two sides, each with its kind."""
    traits = {"id": product.product_id, "image": product.image, "audio": product.audio, "title": product.title.strip().casefold()}
    return [f"{kind} {trait}" for kind, trait in traits.items() if trait]
