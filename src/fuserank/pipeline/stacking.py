"""Several shops as one training set: catalogues and queries one under the other, slates moved to their new rows.

Only training and scoring of given slates are possible on stacked features: a word index over all of them would not be that of any
shop, so pair scores stay those that each shop's own slates hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fuserank.errors import InputError
from fuserank.features.catalogue import Catalogue
from fuserank.features.queries import QueryFeatures, joined
from fuserank.slates import Features, Slate


def stack(named: Sequence[tuple[str, Features]]) -> Features:
    """Features of all shops, in order; ids become ``name/id``.

    Raises:
        InputError: no shop, or shops whose modalities differ.
    """
    modalities = {tuple(m.name for m in features.modalities) for _, features in named}
    if len(modalities) != 1:
        raise InputError(
            f"{len(named)} shops with modalities {sorted(modalities)}",
            allowed="shops with the same modalities",
            todo="extract them with the same setting features.modalities",
        )
    catalogues, queries = [f.catalogue for _, f in named], [f.queries for _, f in named]
    catalogue = Catalogue(
        product_ids=[f"{name}/{i}" for name, f in named for i in f.catalogue.product_ids],
        modalities=catalogues[0].modalities,
        vectors={m: np.concatenate([c.vectors[m] for c in catalogues]) for m in catalogues[0].vectors},
        present=np.concatenate([c.present for c in catalogues]),
    )
    asked = replace(
        joined(queries),
        query_ids=[f"{name}/{i}" for name, f in named for i in f.queries.query_ids],
        pasts=[replace(p, rows=p.rows + start) for q, start in zip(queries, _starts(catalogues), strict=True) for p in q.pasts],
    )
    return Features(named[0][1].modalities, catalogue, asked)


def stack_slates(parts: Sequence[tuple[Features, Sequence[Slate]]]) -> list[Slate]:
    """The slates of all shops, in the order that their features were stacked in."""
    products = _starts([features.catalogue for features, _ in parts])
    queries = _starts([features.queries for features, _ in parts])
    return [
        replace(slate, query=slate.query + query, rows=slate.rows + product)
        for (_, slates), product, query in zip(parts, products, queries, strict=True)
        for slate in slates
    ]


def _starts(parts: Sequence[Catalogue] | Sequence[QueryFeatures]) -> list[int]:
    """The row that each part begins at when all stand one under the other."""
    return [0, *np.cumsum([len(part) for part in parts])[:-1].tolist()]
