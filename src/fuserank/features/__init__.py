"""Products and queries as vectors: extraction, the content-addressed store, the catalogue that grows, queries and pair scores."""

from fuserank.features.catalogue import Catalogue, build_catalogue
from fuserank.features.content_cache import ContentCache
from fuserank.features.extraction import ExtractionReport, encode, extract
from fuserank.features.growth import extended, without
from fuserank.features.histories import histories
from fuserank.features.pairs import PairScores
from fuserank.features.queries import QueryFeatures, build_query_features
from fuserank.features.store import FeatureStore

__all__ = [
    "Catalogue",
    "ContentCache",
    "ExtractionReport",
    "FeatureStore",
    "PairScores",
    "QueryFeatures",
    "build_catalogue",
    "build_query_features",
    "encode",
    "extended",
    "extract",
    "histories",
    "without",
]
