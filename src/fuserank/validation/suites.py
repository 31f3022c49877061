"""The only place where Great Expectations runs: a frame and a committed suite in, rule results out.

The context in `great_expectations/` is read and never written to: its stores for results live in memory.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuserank.errors import InputError
from fuserank.validation.report import SHOWN_IDS, RuleResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SuiteRunner:
    """Runs the suites of one Great Expectations file context.

    Attributes:
        context: the GX context.
        parameters: values for ``$PARAMETER`` places in the suites, e.g. ``{"max_grade": 3}``.
    """

    context: Any
    parameters: dict[str, Any]

    @classmethod
    def open(cls, context_root: Path, parameters: dict[str, Any]) -> SuiteRunner:
        """Open the file context.

        Args:
            context_root: the folder with ``great_expectations.yml``.

        Raises:
            InputError: there is no context in that folder (GX would silently make a new one).
        """
        if not (context_root / "great_expectations.yml").is_file():
            raise InputError(
                f"no great_expectations.yml in {context_root}",
                allowed="the repository's great_expectations/ folder",
                todo="run from the repository root or name the folder",
            )
        os.environ.update(GX_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1")  # before the import reads it
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)  # GX imports modules that Python 3.11 deprecates
            import fuserank.validation.expectations  # noqa: F401  (registers the media expectations)
            import great_expectations as gx

        return cls(gx.get_context(mode="file", context_root_dir=str(context_root.resolve())), parameters)

    def run(self, table: str, frame: pd.DataFrame, *, all_ids: bool = False, skip_absent: bool = False) -> list[RuleResult]:
        """Check one frame against the suite of its table.

        Args:
            table: the suite's and the asset's name.
            frame: rows with an ``id`` column.
            all_ids: give every offending id, not the first SHOWN_IDS only.
            skip_absent: leave out rules on columns that the frame lacks because another table could not be read.

        Returns:
            One result a rule, in the suite's order.
        """
        suite = self.context.suites.get(table)
        if skip_absent:
            suite.expectations = [e for e in suite.expectations if getattr(e, "column", None) in (None, *frame.columns)]
        batch = (
            self.context.data_sources.get("dataset")
            .get_asset(table)
            .get_batch_definition("whole")
            .get_batch(batch_parameters={"dataframe": frame})
        )
        result_format = {
            "result_format": "COMPLETE" if all_ids else "SUMMARY",
            "unexpected_index_column_names": ["id"],
            "partial_unexpected_count": SHOWN_IDS,
            "exclude_unexpected_values": all_ids,
        }
        outcome = batch.validate(suite, result_format=result_format, expectation_parameters=self.parameters)
        order = {e.id: place for place, e in enumerate(suite.expectations)}
        results = sorted(outcome.results, key=lambda r: order.get(r.expectation_config.id, len(order)))
        return [_rule_result(table, result, all_ids=all_ids) for result in results]


def _rule_result(table: str, outcome: Any, *, all_ids: bool) -> RuleResult:
    """What GX says of one expectation, in our words."""
    config, found, error = outcome.expectation_config, outcome.result, outcome.exception_info
    error = error if "exception_message" in error else next(iter(error.values()))
    if error["raised_exception"]:
        raise RuntimeError(f"rule {config.description!r} of suite {table!r} cannot run: {error['exception_message']}")
    rows = found.get("unexpected_index_list" if all_ids else "partial_unexpected_index_list") or []
    ids = [str(i) for row in rows for i in (row["id"] if isinstance(row["id"], list) else [row["id"]])]
    return RuleResult(
        table=table,
        rule=config.description,
        severity=config.severity.value,
        ok=bool(outcome.success),
        checked=int(found.get("element_count", found.get("observed_value", 0)) - found.get("missing_count", 0)),
        failed=int(found.get("unexpected_count", 0)),
        ids=tuple(dict.fromkeys(ids)),  # a doubled id breaks the rule in each of its rows, and is named once
        observed="" if outcome.success else _observed(found, ids),
    )


def _observed(found: dict[str, Any], ids: list[str]) -> str:
    """The values that came, where they say more than the ids do."""
    if "observed_value" in found:
        return f"{found['observed_value']} rows"
    values = {str(value)[:60] for value in found.get("partial_unexpected_list", []) if not isinstance(value, (bytes, dict))}
    return "" if values <= {"True", "False", *ids} else ", ".join(sorted(values)[:5])
