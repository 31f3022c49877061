"""Our own expectations for Great Expectations: a picture opens, a sound decodes. Import this before a suite is loaded."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.core.suite_parameters import SuiteParameterDict
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

from fuserank.validation.media_check import defect


class ColumnValuesUsablePicture(ColumnMapMetricProvider):
    """Per picture: does it decode within the caps?"""

    condition_metric_name = "column_values.usable_picture"
    condition_value_keys = ("max_bytes", "max_pixels")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, max_bytes: int, max_pixels: int, **_: Any) -> pd.Series:  # noqa: N805  (GX makes it a class method)
        return column.map(lambda data: defect(data, "picture", max_bytes=max_bytes, max_size=max_pixels) is None).astype(bool)


class ColumnValuesUsableSound(ColumnMapMetricProvider):
    """Per sound: does it decode to finite samples within the caps?"""

    condition_metric_name = "column_values.usable_sound"
    condition_value_keys = ("max_bytes", "max_seconds")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, max_bytes: int, max_seconds: float, **_: Any) -> pd.Series:  # noqa: N805  (GX makes it a class method)
        return column.map(lambda data: defect(data, "sound", max_bytes=max_bytes, max_size=max_seconds) is None).astype(bool)


class ExpectColumnValuesToBeUsablePictures(ColumnMapExpectation):
    """Every value is the bytes of a picture that opens within the caps."""

    max_bytes: int | SuiteParameterDict
    max_pixels: int | SuiteParameterDict

    map_metric: ClassVar[str] = "column_values.usable_picture"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "max_bytes", "max_pixels")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "max_bytes", "max_pixels")


class ExpectColumnValuesToBeUsableSounds(ColumnMapExpectation):
    """Every value is the bytes of a sound that decodes to finite, non-empty samples within the caps."""

    max_bytes: int | SuiteParameterDict
    max_seconds: float | SuiteParameterDict

    map_metric: ClassVar[str] = "column_values.usable_sound"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "max_bytes", "max_seconds")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "max_bytes", "max_seconds")
