"""From a request's query to features, by the code that built them in training. What fails is left out and named."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fuserank.data.media import media_hash
from fuserank.errors import MediaError
from fuserank.features import Catalogue, ContentCache, QueryFeatures, build_query_features, encode
from fuserank.features.histories import History
from fuserank.messages import ShopperQuery
from fuserank.modalities.audio import Audio
from fuserank.modalities.base import Content, Modality
from fuserank.types import AUDIO_TYPES, IMAGE_TYPES, Query

log = logging.getLogger(__name__)
AT_ONCE = partial(encode, workers=0)  # threads would cost more than they save


@dataclass(frozen=True)
class Understood:
    """A query as features (one row), and in words what was left out of it."""

    features: QueryFeatures
    degraded: list[str]


class Silenced:
    """A modality whose encoder failed on this query: it looks the same, and the query has nothing for it."""

    def __init__(self, modality: Modality) -> None:
        self._modality = modality

    def __getattr__(self, name: str) -> Any:
        return getattr(self._modality, name)

    def query_content(self, query: Query) -> Content | None:  # noqa: ARG002
        """None."""
        return None


def as_query(asked: ShopperQuery) -> tuple[Query, dict[str, bytes]]:
    """The query in the words of the data set, and its media by hash."""
    media = {media_hash(data): data for data in (asked.image, asked.audio) if data}
    query = Query(
        query_id="request",
        text=asked.text,
        locale=asked.locale,
        user_id=asked.user_id,
        image=media_hash(asked.image) if asked.image else None,
        audio=media_hash(asked.audio) if asked.audio else None,
        audio_source="recorded" if asked.audio else None,
    )
    return query, media


def without_media(asked: ShopperQuery) -> ShopperQuery | None:
    """What of a query with a picture or a sound can be read quickly; None when that is all of it, or nothing."""
    if not (asked.image or asked.audio) or not (asked.text.strip() or asked.user_id):
        return None
    return asked.model_copy(update={"image": None, "audio": None})


def understand(
    asked: ShopperQuery,
    modalities: Sequence[Modality],
    catalogue: Catalogue,
    histories: Mapping[str, History],
    cache: ContentCache,
) -> Understood:
    """Features of a query.

    Args:
        cache: vectors and transcripts of the queries before, and of this one afterwards.

    Raises:
        MediaError: the picture or the sound cannot be used.
    """
    query, media = as_query(asked)
    degraded = _unread(query, modalities)
    try:
        features = _features(query, media, modalities, catalogue, histories, cache)
    except MediaError:
        raise
    except Exception:
        log.exception("an encoder failed; the query is read again one modality at a time")

        def works(*some: Modality) -> bool:
            return _work(query, media, some, catalogue, histories, cache)

        hearing = [m for m in modalities if isinstance(m, Audio) and works(m)]  # of a spoken query the others read what it heard
        broken = [m.name for m in modalities if m not in hearing and not works(*hearing, m)]
        degraded += [f"{name}: its encoder failed" for name in broken]
        usable: list[Any] = [Silenced(m) if m.name in broken else m for m in modalities]
        features = _features(query, media, usable, catalogue, histories, cache)
    return Understood(features, degraded)


def _features(
    query: Query,
    media: Mapping[str, bytes],
    modalities: Sequence[Modality],
    catalogue: Catalogue,
    histories: Mapping[str, History],
    cache: ContentCache,
) -> QueryFeatures:
    features, reports = build_query_features([query], modalities, catalogue, cache, media.__getitem__, histories, encode=AT_ONCE)
    for report in reports:
        for key, reason in report.quarantined.items():
            kind, types = ("image", IMAGE_TYPES) if key == query.image else ("audio", AUDIO_TYPES)
            raise MediaError(
                reason,
                f"query.{kind} cannot be read",
                allowed=f"{', '.join(types)} within the size limits",
                todo="send another file, or leave it out",
            )
    return features


def _work(
    query: Query,
    media: Mapping[str, bytes],
    modalities: Sequence[Modality],
    catalogue: Catalogue,
    histories: Mapping[str, History],
    cache: ContentCache,
) -> bool:
    try:
        _features(query, media, modalities, catalogue, histories, cache)
    except MediaError:
        raise
    except Exception:
        return False
    return True


def _unread(query: Query, modalities: Sequence[Modality]) -> list[str]:
    """Media that no modality of this model reads."""
    given = {name: digest for name, digest in (("image", query.image), ("audio", query.audio)) if digest}
    if not given:
        return []
    read = {content.value for m in modalities if m.encoder and (content := m.query_content(query)) and content.is_media}
    return [f"{name}: this model does not read it" for name, digest in given.items() if digest not in read]
