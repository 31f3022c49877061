"""The parts of an explanation that are done on request. To add one: a function here, a field of the report, an entry in PARTS."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fuserank.errors import FuserankError, InputError
from fuserank.explain.fields import field_shares
from fuserank.explain.grad_cam import Heat
from fuserank.explain.heat_picture import overlay
from fuserank.explain.picture_heat import product_heat, query_heat
from fuserank.explain.probe import Probe
from fuserank.explain.query_words import query_word_shares
from fuserank.explain.report import HeatPicture, Shop, Word
from fuserank.explain.title_words import title_word_shares
from fuserank.plugins import PluginTable

# For each position of the slate a value, or None when there is nothing to explain; and notes.
Part = Callable[[Probe, Sequence[int], Shop | None], tuple[list[Any], list[str]]]


def _query_words(probe: Probe, positions: Sequence[int], shop: Shop | None) -> tuple[list[Any], list[str]]:
    words, shares = query_word_shares(probe, positions)
    if not words:
        return [None] * len(positions), ["query_words: the query has no words"]
    notes = [] if shares.exact else [f"query_words: {len(words)} words, so their shares are sampled"]
    return [_words(words, row) for row in shares.values], notes


def _title_words(probe: Probe, positions: Sequence[int], shop: Shop | None) -> tuple[list[Any], list[str]]:
    values, notes, shop = [], [], _needed(shop)
    for position in positions:
        product = shop.product(_product_id(probe, position))
        words, shares = title_word_shares(probe, position, product, shop.read_bytes)
        values.append(_words(words, shares.values[0]) if words else None)
        if not shares.exact:
            notes.append(f"title_words: {product.product_id} has {len(words)}, so their shares are sampled")
    return values, notes


def _fields(probe: Probe, positions: Sequence[int], shop: Shop | None) -> tuple[list[Any], list[str]]:
    values, shop = [], _needed(shop)
    for position in positions:
        names, shares = field_shares(probe, position, shop.product(_product_id(probe, position)), shop.read_bytes)
        values.append(dict(zip(names, shares.values[0].tolist(), strict=True)))
    return values, []


def _product_heat(probe: Probe, positions: Sequence[int], shop: Shop | None) -> tuple[list[Any], list[str]]:
    given = _needed(shop)

    def picture(position: int) -> Heat | None:
        image = given.product(_product_id(probe, position)).image
        return product_heat(probe, position, given.read_bytes(image)) if image else None

    return _heats("product_heat", picture, positions)


def _query_heat(probe: Probe, positions: Sequence[int], shop: Shop | None) -> tuple[list[Any], list[str]]:
    given = _needed(shop)
    image = given.query.image if given.query else None
    if not image:
        return [None] * len(positions), ["query_heat: the query has no picture"]
    data = given.read_bytes(image)
    return _heats("query_heat", lambda position: query_heat(probe, position, data), positions)


def _heats(part: str, heat: Callable[[int], Heat | None], positions: Sequence[int]) -> tuple[list[Any], list[str]]:
    """Heat maps as pictures; one that cannot be had becomes a note, and the rest of the explanation stands."""
    values: list[Any] = []
    notes: list[str] = []
    for position in positions:
        try:
            found = heat(position)
        except FuserankError as error:  # no picture, or not the one that the vector was made from
            found = None
            notes.append(f"{part}: {error.came}")
        values.append(found and HeatPicture(base64.b64encode(overlay(found)).decode(), found.covered, not found.heat.any()))
    return values, list(dict.fromkeys(notes))


def _words(words: Sequence[str], shares: np.ndarray) -> tuple[Word, ...]:
    return tuple(Word(word, float(share)) for word, share in zip(words, shares, strict=True))


def _product_id(probe: Probe, position: int) -> str:
    return probe.features.catalogue.product_ids[probe.slate.rows[position]]


def _needed(shop: Shop | None) -> Shop:
    if shop is None:
        raise InputError(
            "no shop to look products up in", allowed="shop=Shop(product, read_bytes)", todo="give one, or ask for shares only"
        )
    return shop


PARTS: PluginTable[Part] = PluginTable(
    "part of an explanation",
    {
        "query_words": _query_words,
        "title_words": _title_words,
        "fields": _fields,
        "product_heat": _product_heat,
        "query_heat": _query_heat,
    },
)
