"""What a LETOR file holds: the slates of every split with the features that LambdaMART gets here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fuserank.baselines.lambdamart import TreeTable, stacked
from fuserank.baselines.picture_scores import with_columns
from fuserank.features.extraction import Progress
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import slates_of
from fuserank.slates import Slate

SEED = 0


def letor_slates(job: Job, progress: Progress | None = None) -> dict[str, Any]:
    """Keywords of `fuserank.data.exporters.letor.export_letor`.

    Raises:
        InputError: a split has no query that can be learned from or measured.
    """
    features, _ = extract(job, progress=progress)
    splits = slates_of(job, features)
    table = TreeTable(features, splits[0], SEED)
    train, columns = stacked(features, splits[0], splits[1], SEED)

    def rows(slates: list[Slate], widen: Callable[[Slate], Slate]) -> Iterator[tuple[str, list[str], np.ndarray, np.ndarray]]:
        for slate in slates:
            products = [features.catalogue.product_ids[row] for row in slate.rows]
            yield features.queries.query_ids[slate.query], products, slate.grades.astype(int), table(widen(slate))

    def other(slate: Slate) -> Slate:
        return with_columns(slate, columns(slate))

    written = {"train": rows(train, lambda slate: slate), "val": rows(splits[1], other), "test": rows(splits[2], other)}
    return {"slates": written, "names": table.names(features, table(train[0]).shape[1])}
