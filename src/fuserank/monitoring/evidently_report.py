"""The only place where Evidently runs: distances of columns and of embeddings, and its own HTML report."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuserank.files import write_file

if TYPE_CHECKING:
    import pandas as pd

METHODS = {"number": "wasserstein", "category": "jensenshannon"}


def column_distances(
    reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, str], thresholds: dict[str, float], *, html: Path | None = None
) -> dict[str, float]:
    """Distance of each column between two frames.

    Args:
        reference, current: frames with the columns of `kinds`, each with some values on both sides.
        kinds: column -> ``"number"`` or ``"category"``.
        thresholds: column -> threshold that the HTML report shows; {} for Evidently's own.
        html: where to write Evidently's self-contained report, atomically; None for nowhere.

    Returns:
        column -> distance >= 0.
    """
    evidently = _evidently()
    from evidently.metrics import ValueDrift

    by_kind = {kind: [column for column, of in kinds.items() if of == kind] for kind in METHODS}
    definition = evidently.DataDefinition(numerical_columns=by_kind["number"], categorical_columns=by_kind["category"])
    wrapped = [
        evidently.Dataset.from_pandas(frame[list(kinds)].copy(), data_definition=definition) for frame in (current, reference)
    ]
    metrics = [ValueDrift(column=c, method=METHODS[kind], threshold=thresholds.get(c)) for c, kind in kinds.items()]
    snapshot = evidently.Report(metrics).run(*wrapped)
    if html is not None:
        write_file(html, snapshot.get_html_str(as_iframe=False))
    found = snapshot.dict()["metrics"]
    return {metric["config"]["column"]: float(metric["value"]) for metric in found}


def embedding_score(reference: np.ndarray, current: np.ndarray) -> float:
    """ROC AUC on held-out rows of a linear classifier that tells reference from current: about 0.5 without drift, 1 apart.

    The method is called directly: inside an Evidently report it would always run t-SNE, which takes minutes.

    Args:
        reference, current: float (n, d) each.
    """
    _evidently()
    import pandas as pd
    from evidently.legacy.metrics.data_drift.embedding_drift_methods import ModelDriftMethod

    method = ModelDriftMethod(threshold=0.5, bootstrap=False, quantile_probability=0.95, pca_components=None)
    score, _, _ = method(_named(pd.DataFrame(current)), _named(pd.DataFrame(reference)))
    return float(score)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=str)


def _evidently() -> Any:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports use names that numpy, pydantic and Python deprecate
        import evidently
        import evidently.legacy.metrics.data_drift.embedding_drift_methods
        import evidently.metrics
    return evidently
