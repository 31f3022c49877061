"""A new dataset out of one that stands and judgments or events that came from elsewhere; the old one is only read."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pyarrow as pa

from fuserank.data.dataset import Dataset, write_dataset
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_judgments import LaidJudgments
from fuserank.data.target import target_folder
from fuserank.types import SCHEMAS


def opened(onto: Path, source: Path, target: Path) -> Dataset:
    """The dataset that something is laid onto, once it is sure that `target` may be written.

    Raises:
        InputError: `target` is `onto` or holds it or `source`, or something other than a dataset stands there.
        SchemaError: `onto` is no dataset.
    """
    target_folder(target, onto, source)
    return Dataset.open(onto)


def lay_judgments(dataset: Dataset, laid: LaidJudgments, target: Path, notes: list[str]) -> ImportedDataset:
    """`dataset` with other judgments in place of its own; queries that are then not judged are left out, and a note says so."""
    batches = laid.batches()
    first = next(batches)  # an error is raised before anything is written
    queries = laid.judged(dataset.queries)
    if left := len(dataset.queries) - len(queries):
        notes.append(f"{left} of {len(dataset.queries)} queries have no judgment here and are left out")
    if laid.skipped:
        notes.append(f"{laid.skipped} lines name queries or products that the dataset does not hold, and are left out")

    written = write_dataset(
        target,
        dataset.manifest,
        products=dataset.products,
        queries=queries,
        judgments=_stream(chain([first], batches), "judgments"),
        interactions=dataset.table("interactions"),
        media=(data for _, data in dataset.media.items()),
    )
    return ImportedDataset.of(written, notes)


def lay_events(dataset: Dataset, events: Iterable[pa.Table], target: Path, notes: list[str]) -> ImportedDataset:
    """`dataset` with other interactions in place of its own. `notes` may still grow while `events` are read."""
    written = write_dataset(
        target,
        dataset.manifest,
        products=dataset.products,
        queries=dataset.queries,
        judgments=dataset.table("judgments"),
        interactions=_stream(events, "interactions"),
        media=(data for _, data in dataset.media.items()),
    )
    return ImportedDataset.of(written, notes)


def _stream(tables: Iterable[pa.Table], name: str) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(SCHEMAS[name], (batch for table in tables for batch in table.to_batches()))
