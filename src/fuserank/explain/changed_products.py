"""Changed forms of a product, with features built anew by the code that built the catalogue's, standing in for the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fuserank.explain.changed_lexical import ChangedLexical
from fuserank.explain.probe import Probe
from fuserank.features.catalogue import Catalogue, build_catalogue
from fuserank.features.extraction import ReadBytes
from fuserank.slates import Features, project_catalogue
from fuserank.types import Product


def scores_changed(probe: Probe, position: int, product: Product, changed: Sequence[Product], read_bytes: ReadBytes) -> np.ndarray:
    """(V,) logits of a candidate if the shop had a changed product in its place.

    Args:
        position: of the candidate in the slate.
        product: as the catalogue holds it.
        changed: forms of it with less in them; equal contents are encoded once.
        read_bytes: of pictures and sounds, by hash.
    """
    features = _features(probe, position, product, changed, read_bytes)
    slate = features.slate(probe.slate.query, np.arange(len(changed)))
    candidates = replace(
        slate,
        rows=slate.rows + len(probe.features.catalogue),
        present=slate.present & probe.slate.present[position],  # the slate may be one of fewer modalities
    )
    more = project_catalogue(probe.ranker, features)
    return probe.stand_ins(np.full(len(changed), position), candidates, more)


def _features(probe: Probe, position: int, product: Product, changed: Sequence[Product], read_bytes: ReadBytes) -> Features:
    """The changed products as a catalogue of their own, whose words are scored by the statistics of the whole one."""
    whole = probe.features.catalogue
    forms = [replace(form, product_id=f"{v}") for v, form in enumerate(changed)]
    catalogue, _ = build_catalogue(forms, probe.features.modalities, None, read_bytes)
    return Features(probe.features.modalities, _by_whole(catalogue, whole, position, probe, product, forms), probe.features.queries)


def _by_whole(
    catalogue: Catalogue, whole: Catalogue, position: int, probe: Probe, product: Product, forms: Sequence[Product]
) -> Catalogue:
    if whole.lexical is None:
        return catalogue
    rows = np.full(len(forms), probe.slate.rows[position])
    lexical = ChangedLexical(len(forms), whole.lexical.fields, whole.lexical, rows, [product] * len(forms), forms)
    return replace(catalogue, lexical=lexical)
