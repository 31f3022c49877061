"""The only place where Evidently runs: its own HTML report on columns, and its distances, which ours are tested against.

The page is one file of 3.7 MB whatever is compared: its script is in it, and a column adds some 25 KB.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuserank.files import write_file

if TYPE_CHECKING:
    import pandas as pd

METHODS = {"number": "wasserstein", "category": "jensenshannon"}


def column_distances(reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, str]) -> dict[str, float]:
    """Distance of each column between two frames.

    Args:
        reference, current: frames with the columns of `kinds`, each with some values on both sides; missing ones are left out.
        kinds: column -> ``"number"`` or ``"category"``.

    Returns:
        column -> distance >= 0: of numbers the Wasserstein distance in standard deviations of the reference, of categories the
        Jensen-Shannon distance.
    """
    _evidently()
    from evidently.legacy.calculations.stattests import jensenshannon_stat_test, wasserstein_stat_test
    from evidently.legacy.core import ColumnType

    tests = {"number": (wasserstein_stat_test, ColumnType.Numerical), "category": (jensenshannon_stat_test, ColumnType.Categorical)}
    distances = {}
    for column, kind in kinds.items():
        test, feature_type = tests[kind]
        result = test(reference[column].dropna(), current[column].dropna(), feature_type, None)
        distances[column] = float(result.drift_score)
    return distances


def write_report(
    reference: pd.DataFrame, current: pd.DataFrame, kinds: dict[str, str], thresholds: dict[str, float], path: Path
) -> None:
    """Write Evidently's self-contained HTML report on the same columns, distances and thresholds, atomically."""
    evidently = _evidently()
    from evidently.metrics import ValueDrift

    by_kind = {kind: [column for column, of in kinds.items() if of == kind] for kind in METHODS}
    definition = evidently.DataDefinition(numerical_columns=by_kind["number"], categorical_columns=by_kind["category"])
    frames = [frame[list(kinds)].copy() for frame in (current, reference)]
    wrapped = [evidently.Dataset.from_pandas(frame, data_definition=definition) for frame in frames]
    metrics = [ValueDrift(column=c, method=METHODS[kind], threshold=thresholds[c]) for c, kind in kinds.items()]
    write_file(path, evidently.Report(metrics).run(*wrapped).get_html_str(as_iframe=False))


def _evidently() -> Any:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports use names that numpy, pydantic and Python deprecate
        import evidently
        import evidently.legacy.calculations.stattests
        import evidently.metrics
    return evidently
