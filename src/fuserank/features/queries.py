"""Queries as vectors with a present mask."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuserank.encoders.base import unit_rows
from fuserank.encoders.text_cleaning import clean_text
from fuserank.features.catalogue import Catalogue
from fuserank.features.content_cache import ContentCache
from fuserank.features.extraction import Encode, ExtractionReport, Progress, ReadBytes, encode
from fuserank.features.histories import History, past_of
from fuserank.features.product_vectors import unmasked
from fuserank.features.query_words import query_words
from fuserank.features.store import FeatureStore
from fuserank.features.transcripts import hear
from fuserank.features.vectors import content_vectors
from fuserank.modalities.audio import Audio
from fuserank.modalities.base import Modality
from fuserank.modalities.behaviour import Past
from fuserank.types import Query

RECENT = 50  # events of a past that its mean vector is taken over


@dataclass(frozen=True)
class QueryFeatures:
    """Q queries as features.

    Attributes:
        query_ids: Q ids.
        texts: Q cleaned texts; of a query without text but with sound, what was heard; "" for none.
        modalities: names of the M' modalities that have an encoder.
        vectors: modality -> float32 (Q, d); zero where not present.
        present: bool (Q, M'), columns as in `modalities`.
        pasts: Q pasts: what each query's shopper took before it.
        words: int64 (Q, L), ids of the words of the texts as `fuserank.features.query_words` gives them.
    """

    query_ids: list[str]
    texts: list[str]
    modalities: tuple[str, ...]
    vectors: dict[str, np.ndarray]
    present: np.ndarray
    pasts: list[Past]
    words: np.ndarray

    def __len__(self) -> int:
        return len(self.query_ids)

    def has(self, modality: str) -> np.ndarray:
        """Which queries have this modality: bool (Q,)."""
        return self.present[:, self.modalities.index(modality)]


def joined(parts: Sequence[QueryFeatures]) -> QueryFeatures:
    """The queries of all parts, in order.

    Args:
        parts: at least one, all of the same modalities.
    """
    if len(parts) == 1:
        return parts[0]
    longest = max(part.words.shape[1] for part in parts)
    return QueryFeatures(
        query_ids=[query_id for part in parts for query_id in part.query_ids],
        texts=[text for part in parts for text in part.texts],
        modalities=parts[0].modalities,
        vectors={name: np.concatenate([part.vectors[name] for part in parts]) for name in parts[0].vectors},
        present=np.concatenate([part.present for part in parts]),
        pasts=[past for part in parts for past in part.pasts],
        words=np.concatenate([np.pad(part.words, ((0, 0), (0, longest - part.words.shape[1]))) for part in parts]),
    )


def build_query_features(
    queries: Sequence[Query],
    modalities: Sequence[Modality],
    catalogue: Catalogue,
    store: FeatureStore | ContentCache | None,
    read_bytes: ReadBytes,
    histories: Mapping[str, History] | None = None,
    *,
    encode: Encode = encode,
    masked: Collection[str] = frozenset(),
    progress: Progress | None = None,
) -> tuple[QueryFeatures, list[ExtractionReport]]:
    """Queries as features.

    Args:
        catalogue: holds the vectors that histories are averaged from; past products it does not hold are left out.
        store: where vectors and transcripts are kept: for good, or (serving) for a while; None: nowhere.
        histories: user_id -> what the shopper took and when, as `fuserank.features.histories` gives it; of a query with a
            timestamp only what lies before it is read.
        masked: media hashes in quarantine, treated as absent.

    Returns:
        the features, and one report for each encoder that ran.
    """
    queries = _with_words(queries, modalities, catalogue, store, read_bytes, masked, progress)
    pasts = [past_of(query, histories or {}, catalogue.row_of) for query in queries]
    with_vectors = [modality for modality in modalities if modality.encoder is not None]
    present = np.zeros((len(queries), len(with_vectors)), bool)
    vectors, reports = {}, []
    for column, modality in enumerate(with_vectors):
        if modality.query_from_history:
            found, present[:, column] = _history_vectors(pasts, modality.name, catalogue)
        else:
            contents = [unmasked(modality.query_content(query), masked) for query in queries]
            assert modality.encoder is not None
            found, present[:, column], report = content_vectors(
                contents, modality.encoder, store, read_bytes, encode=encode, progress=progress
            )
            reports.append(report)
        vectors[modality.name] = found.astype(np.float32)
    texts = [q.text for q in queries]
    features = QueryFeatures(
        [q.query_id for q in queries], texts, tuple(m.name for m in with_vectors), vectors, present, pasts, query_words(texts)
    )
    return features, reports


def _with_words(
    queries: Sequence[Query],
    modalities: Sequence[Modality],
    catalogue: Catalogue,
    store: FeatureStore | ContentCache | None,
    read_bytes: ReadBytes,
    masked: Collection[str],
    progress: Progress | None,
) -> list[Query]:
    """Queries with their text cleaned; one without text but with sound gets the words heard in it."""
    queries = [replace(query, text=clean_text(query.text)) for query in queries]
    audio = next((modality for modality in modalities if isinstance(modality, Audio)), None)
    spoken = list(dict.fromkeys(q.audio for q in queries if q.audio and not q.text and q.audio not in masked))
    if audio is None or not spoken:
        return queries
    heard = hear(spoken, audio, catalogue.words, store, read_bytes, progress)
    return [replace(q, text=clean_text(heard[q.audio])) if q.audio in heard and not q.text else q for q in queries]


def _history_vectors(pasts: Sequence[Past], modality: str, catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """Mean, made unit length, of the vectors of each past's newest products: float32 (Q, d), and who has one: bool (Q,)."""
    products = catalogue.vectors[modality]
    means = np.zeros((len(pasts), products.shape[1]), np.float32)
    for i, past in enumerate(pasts):
        rows = past.rows[-RECENT:]
        rows = rows[catalogue.has(modality, rows)]
        if len(rows):
            means[i] = products[rows].astype(np.float32).mean(axis=0)
    return unit_rows(means), np.asarray((means != 0).any(axis=1))
