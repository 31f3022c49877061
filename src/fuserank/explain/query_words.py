"""What each word of a query gave to the scores of candidates: without it the query is encoded, and its words looked up, anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fuserank.explain.probe import Probe, score_slates
from fuserank.explain.shapley import Shares, divide
from fuserank.explain.words import EXACT_WORDS, orders_for, texts_of, words_of
from fuserank.features.queries import QueryFeatures, build_query_features
from fuserank.slates import Features
from fuserank.types import Query


def query_word_shares(probe: Probe, positions: Sequence[int]) -> tuple[list[str], Shares]:
    """Shapley shares of the words of the query in the scores of some candidates; all share the encoded texts.

    The value of a coalition is a candidate's logit when the query says only those words. Its picture, sound and shopper stay;
    of a spoken query the words heard are asked about. Exact up to EXACT_WORDS words, sampled beyond.

    Returns:
        the P words, and shares (C, P); P = 0 for a query without words.
    """
    words = words_of(probe.features.queries.texts[probe.slate.query])

    def game(coalitions: np.ndarray) -> np.ndarray:
        return scores_with_texts(probe, positions, texts_of(words, coalitions))

    shares = divide(game, len(words), exact_up_to=EXACT_WORDS, orders=orders_for(words))
    return [word.strip() for word in words], shares


def scores_with_texts(probe: Probe, positions: Sequence[int], texts: Sequence[str]) -> np.ndarray:
    """(V, C) logits of some candidates when the words of the query are others."""
    features = _asked_with(probe.features, probe.slate.query, texts)
    part, stand = probe.part(positions)
    slates = [features.slate(v, part.rows, part.grades) for v in range(len(texts))]
    kept = [replace(slate, present=slate.present & part.present) for slate in slates]  # the slate may be one of fewer modalities
    return np.stack([scores[stand] for scores in score_slates(probe.ranker, probe.projected, features.queries, kept)])


def _asked_with(features: Features, query: int, texts: Sequence[str]) -> Features:
    """Features of a query as it would be with other words: what comes from words is built anew, the rest is copied."""
    asked = [Query(f"{v}", text=text) for v, text in enumerate(texts)]
    no_media: dict[str, bytes] = {}
    built, _ = build_query_features(asked, features.modalities, features.catalogue, None, no_media.__getitem__)
    return Features(features.modalities, features.catalogue, _with_the_rest(built, features, query))


def _with_the_rest(built: QueryFeatures, features: Features, query: int) -> QueryFeatures:
    old, present, vectors = features.queries, built.present.copy(), dict(built.vectors)
    speaking = {m.name for m in features.modalities if m.query_content(Query("", text="words")) is not None}
    for column, name in enumerate(built.modalities):
        if name not in speaking:
            present[:, column] = old.has(name)[query]
            vectors[name] = np.repeat(old.vectors[name][query : query + 1], len(built), axis=0)
    return replace(built, present=present, vectors=vectors, pasts=[old.pasts[query]] * len(built))
