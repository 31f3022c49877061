"""Traffic as rows of a comparison: what was asked, how it was answered, and what the candidates had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fuserank.inference_log import query_vectors
from fuserank.monitoring.side import Rows

if TYPE_CHECKING:
    import pandas as pd

DEPTH = 10
READ = (
    "request_id", "time", "route", "model_version", "role", "user", "session_id", "text", "locale", "has_text", "has_image",
    "has_audio", "has_user", "query_vectors", "scores", "candidates", "present", "degraded",
)  # fmt: skip
HAS = {"image": "has_image", "audio": "has_audio", "user_id": "has_user"}


def request_rows(rankings: pa.Table, modalities: Sequence[str]) -> Rows:
    """N answers of one model that shoppers saw.

    Scores and candidates count of whole answers to searches alone: other candidates are chosen by the caller. A request without
    user and session is a shopper of its own.

    Args:
        rankings: N rows of a log, with the columns READ.
        modalities: whose query vectors are compared.
    """
    import pandas as pd

    rows = rankings.drop_columns(["query_vectors"]).to_pandas()
    searched = rows["route"].eq("search").to_numpy()
    shares = [dict(present) for present in rows["present"]]
    names = sorted({modality for share in shares for modality in share})
    weights = np.where(searched & np.array([bool(share) for share in shares], bool), rows["candidates"], 0).astype(float)
    who = rows["user"].fillna(rows["session_id"]).fillna(rows["request_id"])
    return Rows(
        {"queries": _queries(rows), "answers": _answers(rows, searched)},
        {modality: query_vectors(rankings, modality) for modality in modalities},
        {modality: np.array([share.get(modality, 0.0) for share in shares]) for modality in names} if weights.any() else {},
        weights,
        pd.factorize(who)[0],
    )


def _answers(rows: pd.DataFrame, searched: np.ndarray) -> pd.DataFrame:
    """The best score, mean and standard deviation of the DEPTH best, how many candidates; NaN where that says nothing.

    An answer with fewer products than DEPTH, though there were more, was asked to be short: the mean of its scores is another.
    """
    import pandas as pd

    values = np.full((len(rows), 3), np.nan)
    whole = searched & (rows["degraded"].map(len) == 0).to_numpy()
    for row in np.flatnonzero(whole).tolist():
        scores = np.sort(np.asarray(rows["scores"].iat[row], float))[::-1][:DEPTH]
        if len(scores):
            values[row, 0] = scores[0]
        if len(scores) and len(scores) >= min(DEPTH, int(rows["candidates"].iat[row])):
            values[row, 1:] = scores.mean(), scores.std()
    degraded = rows["degraded"].map(len).gt(0).map({True: "yes", False: "no"})
    candidates = rows["candidates"].astype("float64").where(searched)
    numbers = dict(zip(("best_score", "mean_score", "spread"), values.T, strict=True))
    return pd.DataFrame({**numbers, "candidates": candidates, "degraded": degraded})


def _queries(rows: pd.DataFrame) -> pd.DataFrame:
    """With the canonical columns that can drift. What was heard in a sound is no text of the query."""
    import pandas as pd

    has = {column: rows[flag].map({True: "yes", False: None}) for column, flag in HAS.items()}
    return pd.DataFrame({"text": rows["text"].where(rows["has_text"], ""), "locale": rows["locale"], **has})
