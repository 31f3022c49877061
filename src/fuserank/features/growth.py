"""A catalogue that grows while it is served: products come, change and go, and only they are encoded.

Nothing is changed in place: each step gives a new catalogue that shares the arrays of the old one, so whoever still reads the old
one sees it as it was. A changed product gets a new row, its old one is dead. To add n products costs O(n), and a mask of all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from fuserank.errors import InputError
from fuserank.features.catalogue import Catalogue
from fuserank.features.extraction import ExtractionReport, ReadBytes
from fuserank.features.product_vectors import ProductVectors, product_vectors
from fuserank.features.segments import Growth, Segment, appended
from fuserank.features.stacked_rows import StackedIds, joined, stacked
from fuserank.modalities.base import Modality
from fuserank.modalities.behaviour import Behaviour
from fuserank.modalities.behaviour_growth import GrownBehaviour
from fuserank.modalities.lexical_growth import AddedWords, GrownLexical
from fuserank.types import Product


def extended(
    catalogue: Catalogue,
    products: Sequence[Product],
    modalities: Sequence[Modality],
    read_bytes: ReadBytes,
    *,
    masked: Collection[str] = frozenset(),
    lasting: bool = True,
) -> tuple[Catalogue, list[ExtractionReport]]:
    """A catalogue with products added: rows 0 .. N - 1 as they were, then the n products in their order.

    A product whose id the catalogue holds takes its place: the old row is dead, and what shoppers did with it goes to the new one.
    Of an id that comes twice in `products` the last row lives. Media that do not decode are reported, and the product has none.

    Args:
        modalities: those that the catalogue was built with.
        masked: media hashes in quarantine, treated as absent.
        lasting: False for the candidates of one request: what was added before is then left as it is, not merged with them.

    Returns:
        the catalogue, and one report for each encoder.

    Raises:
        InputError: other modalities than the catalogue's.
    """
    names = tuple(modality.name for modality in modalities)
    if names != catalogue.modalities:
        raise InputError(
            f"products read by the modalities {', '.join(names)}",
            allowed=f"those of the catalogue: {', '.join(catalogue.modalities)}",
            todo="give the modalities that the catalogue was built with, in its order",
        )
    read = product_vectors(products, modalities, None, read_bytes, masked=masked)
    growth = catalogue.growth or Growth(catalogue, (), np.ones(len(catalogue), bool))
    if not products:
        return _grown(growth), read.reports
    new = _segment(catalogue, growth, products, read)
    alive = np.append(growth.alive, np.zeros(len(new), bool))
    alive[[catalogue.row_of[product_id] for product_id in new.row_of if product_id in catalogue.row_of]] = False
    alive[len(catalogue) + np.fromiter(new.row_of.values(), np.int64)] = True
    segments = appended(growth.segments, new) if lasting else (*growth.segments, new)
    return _grown(Growth(growth.base, segments, alive)), read.reports


def without(catalogue: Catalogue, product_ids: Collection[str]) -> Catalogue:
    """A catalogue in which these products are dead: their rows stay where they are and are never found.

    Raises:
        RequestError: an id that the catalogue does not hold.
    """
    growth = catalogue.growth or Growth(catalogue, (), np.ones(len(catalogue), bool))
    alive = growth.alive.copy()
    alive[catalogue.rows(list(product_ids))] = False
    return _grown(Growth(growth.base, growth.segments, alive))


def _segment(catalogue: Catalogue, growth: Growth, products: Sequence[Product], read: ProductVectors) -> Segment:
    """The products as a part of the catalogue, counted by its base."""
    ids = [product.product_id for product in products]
    origins = np.array([_origin(catalogue, growth, product_id) for product_id in ids], np.int64)
    if growth.base.behaviour is not None:
        read.present[:, catalogue.modalities.index(Behaviour.name)] = origins >= 0
    words = None if growth.base.lexical is None else AddedWords.of(products, growth.base.lexical.counts)
    return Segment(ids, {product_id: row for row, product_id in enumerate(ids)}, read.vectors, read.present, words, origins)


def _origin(catalogue: Catalogue, growth: Growth, product_id: str) -> int:
    """The row of the base that a product was, -1 for none; one that was removed begins anew."""
    row = catalogue.row_of.get(product_id, -1)
    start = len(growth.base)
    if row < start:
        return row
    for segment in growth.segments:
        if row < start + len(segment):
            return int(segment.origins[row - start])
        start += len(segment)
    raise AssertionError("a row beyond the last segment")


def _grown(growth: Growth) -> Catalogue:
    """Base and segments as one catalogue."""
    base, segments = growth.base, growth.segments
    lexical, behaviour = base.lexical, base.behaviour
    if lexical is not None:
        lexical = GrownLexical.over(lexical, [segment.words for segment in segments if segment.words is not None], growth.alive)
    if behaviour is not None:
        behaviour = GrownBehaviour.over(behaviour, [segment.origins for segment in segments])
    return Catalogue(
        StackedIds([base.product_ids, *(segment.product_ids for segment in segments)]),
        base.modalities,
        joined([base.vectors, *(segment.vectors for segment in segments)], stacked),
        stacked([base.present, *(segment.present for segment in segments)]),
        lexical,
        base.words,
        behaviour,
        growth,
        base.screens,
    )
