"""Inference log: what was answered and what shoppers did with it, as Parquet segments that monitoring reads."""

from fuserank.inference_log.reading import iter_log, query_vectors, read_log
from fuserank.inference_log.records import SCHEMAS, EventRecord, Kind, RankingRecord
from fuserank.inference_log.sampling import is_sampled
from fuserank.inference_log.segments import log_folder
from fuserank.inference_log.writer import InferenceLog

__all__ = [
    "SCHEMAS",
    "EventRecord",
    "InferenceLog",
    "Kind",
    "RankingRecord",
    "is_sampled",
    "iter_log",
    "log_folder",
    "query_vectors",
    "read_log",
]
