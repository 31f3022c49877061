"""Changed forms of a product, with features built anew by the code that built the catalogue's, standing in for the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fuserank.explain.changed_lexical import ChangedLexical
from fuserank.explain.probe import Probe
from fuserank.features.catalogue import build_catalogue
from fuserank.features.extraction import ReadBytes
from fuserank.slates import Features, Slate, project_catalogue
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
    slate = _with_the_rest(probe, position, product, features.slate(probe.slate.query, np.arange(len(changed))))
    candidates = replace(slate, rows=slate.rows + len(probe.features.catalogue))
    return probe.stand_ins(np.full(len(changed), position), candidates, project_catalogue(probe.ranker, features))


def _with_the_rest(probe: Probe, position: int, product: Product, changed: Slate) -> Slate:
    """Evidence that no field of the product gives (what shoppers did) stays; what the slate hides stays hidden."""
    here, present, pairs = probe.slate.present[position], changed.present.copy(), changed.pairs.copy()
    for m, modality in enumerate(probe.features.modalities):
        if modality.product_content(product) is None:
            columns = np.array(probe.ranker.spec.pair_owners) == m
            present[:, m], pairs[:, columns] = here[m], probe.slate.pairs[position, columns]
    return replace(changed, present=present & here, pairs=pairs)


def _features(probe: Probe, position: int, product: Product, changed: Sequence[Product], read_bytes: ReadBytes) -> Features:
    """The changed products as a catalogue of their own, whose words are scored by the statistics of the whole one."""
    whole, modalities = probe.features.catalogue.lexical, probe.features.modalities
    forms = [replace(form, product_id=f"{v}") for v, form in enumerate(changed)]
    catalogue, _ = build_catalogue(forms, modalities, None, read_bytes)
    if whole is not None:
        lexical = ChangedLexical(len(forms), whole.fields, whole.counts, whole, int(probe.slate.rows[position]), product, forms)
        catalogue = replace(catalogue, lexical=lexical)
    return Features(modalities, catalogue, probe.features.queries)
