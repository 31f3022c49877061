"""The section of the search over structure: how long, and among what."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, model_validator

from fuserank.settings.values import Section, Seed


class Span(Section):
    """Numbers from `low` to `high`, drawn evenly, or evenly in their logarithm."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _is_a_span(self) -> Span:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low < high, and low > 0 where log is true")
        return self


def _word_or_number(value: Any) -> str | int | float:
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise ValueError("a word or a finite number")
    return value


def _form(value: Any) -> str | None:
    """The form that a knob of the search is meant to have, so that an error speaks of that one; None: of none."""
    if isinstance(value, dict | Span):
        return "span"
    return "values" if isinstance(value, list | tuple) else "all" if value == "all" else None


Knob = Annotated[
    Annotated[Literal["all"], Tag("all")]
    | Annotated[tuple[Annotated[str | int | float, PlainValidator(_word_or_number)], ...], Tag("values")]
    | Annotated[Span, Tag("span")],
    Discriminator(_form, custom_error_type="form", custom_error_message="all, a list of values, or a span of low, high and log"),
]


class TuningSettings(Section):
    """The search over structure: how long, and among what."""

    minutes: float = Field(30.0, gt=0, description="budget of one call; the next call on the same data goes on")
    trials: int = Field(300, gt=0, description="finished trials of all calls after which the search ends")
    seed: Seed = Field(0, description="of the search and of each training in it")
    confirm: int = Field(2, gt=0, le=64, description="fresh seeds that the best trials must beat the default with")
    slowest: float = Field(4.0, gt=1, description="a trial is pruned whose epochs take so many times as long as the default's")
    space: dict[str, Knob] = Field(
        default={
            "ranker": "all",
            "loss": ["softmax", "lambdaloss", "listnet", "listmle", "approx_ndcg", "ranknet", "bce"],
            "late": [96, 192, 288],
            "late_learning_rate": {"low": 1e-3, "high": 6e-3, "log": True},
            "late_weight_decay": {"low": 0.05, "high": 1.0, "log": True},
            "input_dropout": {"low": 0.0, "high": 0.6},
            "width": [32, 64, 96, 128],
            "interaction": [0, 32, 64, 128],
            "dropout": {"low": 0.0, "high": 0.5},
            "modality_dropout": {"low": 0.0, "high": 0.3},
            "learning_rate": {"low": 5e-4, "high": 1e-2, "log": True},
            "weight_decay": {"low": 1e-4, "high": 0.3, "log": True},
            "slate": [128, 256, 512, 768],
            "batch_queries": [8, 16, 32],
        },
        validate_default=True,
        description="knob -> values, a span, or all names there are: ranker, loss, and any setting of training; the settings "
        "as they are always belong to it",
    )
