"""From records to columns: ids become pseudonyms, texts are masked, vectors are halved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from fuserank.inference_log.privacy import masked, pseudonym
from fuserank.inference_log.records import SCHEMAS, Kind, Record

BATCH = 256  # records turned into columns at once: pyarrow holds the interpreter lock meanwhile, and requests wait for it


def to_table(kind: Kind, records: Sequence[Record], *, salt: bytes, share: float) -> tuple[pa.Table, Exception | None]:
    """Records as they are stored, in their order.

    Args:
        records: all of this kind.
        salt: for pseudonyms.
        share: the probability with which each was kept, (0, 1].

    Returns:
        the table, and why a record was left out (the last one's reason; None when all fit). A record is left out when a value
        does not fit its column or a vector is not finite in float16; it does not take the others with it.
    """
    batches, error = [], None
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        try:
            batches.append(_batch(kind, part, salt, share))
        except Exception:  # whatever a wrong value can raise: ArrowInvalid, OverflowError, AttributeError ...
            for record in part:
                try:
                    batches.append(_batch(kind, [record], salt, share))
                except Exception as wrong:
                    error = wrong
    return pa.Table.from_batches(batches, SCHEMAS[kind]), error


def _batch(kind: Kind, records: Sequence[Record], salt: bytes, share: float) -> pa.RecordBatch:
    schema, stored = SCHEMAS[kind], _stored(salt)
    arrays = []
    for column in schema:
        given = repeat(share, len(records)) if column.name == "sampled" else map(attrgetter(column.name), records)
        values: list[Any] = list(given)
        if column.name in stored:
            with np.errstate(over="ignore"):  # `_half` looks for what does not fit
                values = [None if value is None else stored[column.name](value) for value in values]
        array = pa.array(values, column.type)
        if array.null_count and not column.nullable:
            raise ValueError(f"{column.name} is null in {array.null_count} of {len(records)} {kind}")
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _stored(salt: bytes) -> dict[str, Callable[[Any], Any]]:
    """Columns that are not stored as they came."""
    return {
        "user": lambda identity: pseudonym(identity, salt),
        "session_id": lambda identity: pseudonym(identity, salt),
        "text": masked,
        "query_vectors": lambda vectors: [(modality, _half(vector)) for modality, vector in vectors.items()],
        "present": lambda shares: list(shares.items()),
    }


def _half(vector: np.ndarray) -> bytes:
    half = np.asarray(vector).astype("<f2")
    if half.ndim != 1 or not np.isfinite(half).all():
        raise ValueError(f"a query vector has shape {half.shape} or is not finite in float16")
    return half.tobytes()
