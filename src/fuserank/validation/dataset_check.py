"""The validation of a dataset, read top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from fuserank.data.dataset import Dataset, Progress
from fuserank.data.media import MediaStore
from fuserank.errors import SchemaError
from fuserank.types import KEYS
from fuserank.validation.frames import frames
from fuserank.validation.media_check import Kind, MediaCaps
from fuserank.validation.quarantine import check_media
from fuserank.validation.report import SHOWN_IDS, RuleResult, ValidationReport
from fuserank.validation.suites import SuiteRunner

if TYPE_CHECKING:
    import pandas as pd

TABLES = tuple(name for name in KEYS if name != "media")
USES: tuple[tuple[str, Kind], ...] = (("image", "picture"), ("audio", "sound"))


def validate(
    dataset: Dataset, *, context_root: Path, media: MediaCaps, out: Path, progress: Progress | None = None
) -> ValidationReport:
    """Check a dataset and write the report.

    Args:
        dataset: what is checked.
        context_root: the Great Expectations file context, ``great_expectations/`` of the repository.
        media: caps on pictures and sounds, the same as in extraction.
        out: folder for ``validation.json``, ``validation.html`` and ``quarantine.parquet``.
        progress: called with (media items done, media items in all).

    Returns:
        The report; broken rules do not raise here, see `ValidationReport.raise_for_critical`.

    Raises:
        InputError: `context_root` holds no context.
    """
    runner = SuiteRunner.open(context_root, _parameters(dataset, media))
    tables, results = _readable_tables(dataset)
    store, media_results = _readable_media(dataset)
    whole = len(tables) == len(TABLES) and store is not None
    made = frames(tables, store, candidates=dataset.manifest.candidates)
    for name, frame in made.items():
        if len(frame) or name == "products":
            results += runner.run(name, frame, skip_absent=not whole)
    if whole and len(tables["products"]):
        results += _leakage(dataset)
    quarantine: dict[str, str] = {}
    if store is not None:
        try:
            checked, quarantine = check_media(store, _used_as(made), runner, media, progress)
            media_results += checked
        except SchemaError as error:
            media_results = [_media_result(0, str(error))]
    report = ValidationReport(
        dataset=dataset.manifest.name,
        data_version=dataset.version,
        results=tuple(results + media_results),
        quarantine=quarantine,
        masked_rows=_masked(made, quarantine),
        rows={name: len(frame) for name, frame in made.items()} | {"media": 0 if store is None else len(store)},
    )
    report.write(out)
    return report


def _parameters(dataset: Dataset, media: MediaCaps) -> dict[str, int | float]:
    """Values for the ``$PARAMETER`` places of the suites."""
    return {
        "max_grade": dataset.manifest.max_grade,
        "max_image_bytes": media.max_image_bytes,
        "max_image_pixels": media.max_image_pixels,
        "max_audio_bytes": media.max_audio_bytes,
        "max_audio_seconds": media.max_audio_seconds,
    }


def _readable_tables(dataset: Dataset) -> tuple[dict[str, pa.Table], list[RuleResult]]:
    """The tables that follow their schema, and one result a table that says whether it does."""
    tables, results = {}, []
    rule = "the table follows its schema: every required column is there, typed and filled"
    for name in TABLES:
        observed = ""
        try:
            tables[name] = dataset.table(name)
        except SchemaError as error:
            observed = str(error)
        results.append(RuleResult(name, rule, "critical", not observed, len(tables.get(name, ())), 0, (), observed))
    return tables, results


def _readable_media(dataset: Dataset) -> tuple[MediaStore | None, list[RuleResult]]:
    """The media store (None when a shard is cut off or is no Parquet file), and the result that says whether it can be read."""
    try:
        return dataset.media, [_media_result(len(dataset.media))]
    except SchemaError as error:
        return None, [_media_result(0, str(error))]


def _media_result(checked: int, observed: str = "") -> RuleResult:
    return RuleResult("media", "every media shard can be read", "critical", not observed, checked, 0, (), observed)


def _leakage(dataset: Dataset) -> list[RuleResult]:
    from fuserank.data.leakage import leaks

    rule, found = "nothing stands on two splits: no query group or text, title, picture, sound or judgment", leaks(dataset)
    checked = len(dataset.queries) + len(dataset.products)
    return [RuleResult("dataset", rule, "critical", not found, checked, len(found), tuple(found[:SHOWN_IDS]))]


def _used_as(made: dict[str, pd.DataFrame]) -> dict[str, set[Kind]]:
    """Media hash -> what products and queries use it as."""
    used: dict[str, set[Kind]] = {}
    for frame in (made[name] for name in ("products", "queries") if name in made):
        for column, kind in USES:
            for digest in frame[column].dropna().unique():
                used.setdefault(digest, set()).add(kind)
    return used


def _masked(made: dict[str, pd.DataFrame], quarantine: dict[str, str]) -> int:
    """Number of products and queries that name a quarantined picture or sound."""
    columns = [column for column, _ in USES]
    named = [made[name][columns].isin(list(quarantine)) for name in ("products", "queries") if name in made]
    return sum(int(frame.any(axis=1).sum()) for frame in named)
