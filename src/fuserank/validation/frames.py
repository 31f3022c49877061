"""The frames that the suites look at: each table, and beside it the columns that need another table to be known.

A joined column is null where its question does not arise (no picture named, a training query), and suites skip nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuserank.data.media import MediaStore
from fuserank.types import KEYS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

EVALUATED = ("val", "test")


def frames(tables: dict[str, pa.Table], stored: MediaStore | None, *, candidates: str) -> dict[str, pd.DataFrame]:
    """Frames by table name.

    Args:
        tables: the canonical tables that could be read.
        stored: the media store; None when it cannot be read.
        candidates: the manifest's rule, ``"split"`` or ``"judged"``.

    Returns:
        The tables as pandas frames with an ``id`` column and, where the tables they need are there, joined columns:
        ``image_stored`` and ``audio_stored`` (products, queries); ``asks``, ``judged``, ``slate`` and ``best_grade`` (queries);
        ``query_exists`` and ``product_exists`` (judgments, interactions).
    """
    import pandas as pd

    made = {name: table.to_pandas(types_mapper=pd.ArrowDtype) for name, table in tables.items()}
    for name, frame in made.items():
        if KEYS[name]:
            frame["id"] = _joined([frame[column] for column in KEYS[name]])
        else:
            frame["id"] = "row " + (frame.index + 1).astype(str)
    for name in ("products", "queries"):
        if name in made:
            _add_media(made[name], stored)
    if "queries" in made:
        _add_asks(made["queries"])
    if made.keys() >= {"products", "queries", "judgments"}:
        _add_judged(made, candidates)
    if "interactions" in made:
        _add_exists(made["interactions"], made)
    return made


def _joined(columns: list[pd.Series]) -> pd.Series:
    first, *rest = (column.astype(str) for column in columns)
    for column in rest:
        first = first + " · " + column
    return first


def _add_media(frame: pd.DataFrame, stored: MediaStore | None) -> None:
    if stored is None:
        return
    for column in ("image", "audio"):
        frame[f"{column}_stored"] = frame[column].astype(object).map(stored.__contains__, na_action="ignore")


def _add_asks(queries: pd.DataFrame) -> None:
    queries["asks"] = queries["text"].fillna("").str.strip().ne("") | queries[["image", "audio", "user_id"]].notna().any(axis=1)


def _add_exists(frame: pd.DataFrame, made: dict[str, pd.DataFrame]) -> None:
    for table, key in (("queries", "query_id"), ("products", "product_id")):
        if table in made:
            frame[f"{key.removesuffix('_id')}_exists"] = frame[key].isin(made[table][key]).where(frame[key].notna(), None)


def _add_judged(made: dict[str, pd.DataFrame], candidates: str) -> None:
    products, queries, judgments = made["products"], made["queries"], made["judgments"]
    _add_exists(judgments, made)
    evaluated = queries["split"].isin(EVALUATED)
    grades = judgments.groupby("query_id")["grade"]
    judged = queries["query_id"].map(grades.size()).fillna(0).astype(int)
    queries["judged"] = judged.where(evaluated, None)
    queries["best_grade"] = queries["query_id"].map(grades.max()).astype("Int64").where(evaluated, None)
    if candidates == "judged":
        slate = judged
    else:
        everywhere, by_split = int(products["split"].isna().sum()), products["split"].value_counts().to_dict()
        slate = queries["split"].astype(object).map(by_split).fillna(0).astype(int) + everywhere
    queries["slate"] = slate.where(evaluated, None)
