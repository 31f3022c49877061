"""The reference for live traffic: the champion answers the held-out queries of its dataset, as it would in the service.

Its answers become the same rows as the log's, by the same code. So a difference between the two is one of what is asked, or of what
it is asked of, and not one of how it was written down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from fuserank.data.dataset import Dataset
from fuserank.errors import MediaError
from fuserank.files import write_file
from fuserank.inference_log import RankingRecord
from fuserank.inference_log.columns import to_table
from fuserank.messages import SearchRequest, ShopperQuery
from fuserank.serving import RankingService, observer
from fuserank.types import Query

log = logging.getLogger(__name__)
HELD_OUT = ("val", "test")
SALT = b"of a dataset, no shopper's"


def replayed(dataset: Dataset, service: Callable[[], RankingService], cache: Path, *, sample: int) -> pa.Table:
    """Answers to the held-out queries, as rankings of a log; asked once and kept.

    Args:
        dataset: that the champion was trained on.
        service: gives the champion, with the catalogue of its package; called when there is no cache.
        cache: file, whose name must change with dataset and champion.
        sample: queries at most.
    """
    if cache.exists():
        return pq.read_table(cache)
    queries = [query for query in dataset.queries if query.split in HELD_OUT]
    order = np.random.default_rng(0).permutation(len(queries))[:sample].tolist()
    records = _answers(service(), dataset, [queries[place] for place in sorted(order)])
    table, wrong = to_table("rankings", records, salt=SALT, share=1.0)
    if wrong is not None:
        log.warning("an answer to a held-out query could not be kept: %s", wrong)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_file(cache, sink.getvalue().to_pybytes())
    return table


def _answers(service: RankingService, dataset: Dataset, queries: list[Query]) -> list[RankingRecord]:
    """Queries that the service refuses, for their length or their media, are left out: shoppers cannot ask them either."""
    records: list[RankingRecord] = []
    observe = observer(records.append)
    for query in queries:
        media = {
            kind: dataset.media.get(digest)
            for kind, digest in (("image", query.image), ("audio", query.audio))
            if digest and digest in dataset.media
        }
        try:
            asked = ShopperQuery(text=query.text, user_id=query.user_id, locale=query.locale, **media)
            request = SearchRequest(query=asked)
            observe("search", "champion", request, service.searched(request))
        except (ValidationError, MediaError) as error:
            log.warning("held-out query %s cannot be asked: %s", query.query_id, error)
    return records
