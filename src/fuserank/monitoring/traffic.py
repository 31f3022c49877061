"""Traffic as a side of a comparison: what was asked, how it was answered, and what the candidates had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fuserank.inference_log import query_vectors
from fuserank.monitoring.side import Side

if TYPE_CHECKING:
    import pandas as pd

DEPTH = 10
READ = (
    "request_id", "time", "route", "model_version", "role", "text", "locale", "has_text", "has_image", "has_audio", "has_user",
    "query_vectors", "scores", "candidates", "present", "degraded",
)  # fmt: skip
HAS = {"image": "has_image", "audio": "has_audio", "user_id": "has_user"}


def traffic_side(name: str, rankings: pa.Table, modalities: Sequence[str]) -> Side:
    """A side of n answers. How candidates were found is known of searches alone: only they have scores and shares.

    Args:
        name: for the reader.
        rankings: n rows of a log with the columns READ, shadows left out.
        modalities: whose query vectors are compared; one that no query has, has no vectors.
    """
    rows = rankings.drop_columns(["query_vectors"]).to_pandas()
    searches = rows[rows["route"] == "search"]
    vectors = {f"query {modality}": query_vectors(rankings, modality)[0] for modality in modalities}
    shares = [dict(present) for present in searches["present"] if len(present)]
    names = sorted({modality for share in shares for modality in share})
    return Side(
        name=name,
        tables={"queries": _queries(rows)} | ({"answers": _answers(searches)} if len(searches) else {}),
        embeddings={key: found for key, found in vectors.items() if len(found)},
        missing={f"candidates' {m}": 1.0 - float(np.mean([share.get(m, 0.0) for share in shares])) for m in names},
    )


def _answers(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores of the best product and of the DEPTH best, NaN for an empty answer or one without the model."""
    import pandas as pd

    scored = zip(rows["scores"], rows["degraded"], strict=True)
    best = [np.asarray([] if len(degraded) else scores, float)[:DEPTH] for scores, degraded in scored]
    return pd.DataFrame(
        {
            "best_score": [float(np.max(scores)) if len(scores) else np.nan for scores in best],
            "mean_score": [float(np.mean(scores)) if len(scores) else np.nan for scores in best],
            "candidates": rows["candidates"].astype("float64"),
            "degraded": rows["degraded"].map(len).gt(0).map({True: "yes", False: "no"}),
        }
    )


def _queries(rows: pd.DataFrame) -> pd.DataFrame:
    """With the canonical columns that can drift."""
    import pandas as pd

    has = {column: rows[flag].map({True: "yes", False: None}) for column, flag in HAS.items()}
    return pd.DataFrame({"text": rows["text"].where(rows["has_text"], ""), "locale": rows["locale"], **has})
