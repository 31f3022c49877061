"""One frozen tree of settings: arguments > environment FUSERANK_* > [tool.fuserank] in pyproject.toml > defaults.

Settings are read at the door only (flows, command line, service); classes below take plain keywords.
"""

from __future__ import annotations

import difflib
import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import pydantic_settings
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, PyprojectTomlConfigSettingsSource, SettingsConfigDict

from fuserank.errors import SettingsError

# Environment variables of this prefix that are no settings: the service's package, and the tests' folder of real data.
OTHER_VARIABLES = frozenset({"FUSERANK_PACKAGE", "FUSERANK_SHARED_DATA"})


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("no value twice")
    return values


def _at_least_one(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("at least one value")
    return values


def _not_empty(path: Any) -> Any:
    """An empty path would be the working folder."""
    if isinstance(path, str) and (not path.strip() or "\0" in path):
        raise ValueError("a path that is not empty")
    return path


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


Names = Annotated[tuple[str, ...], AfterValidator(_each_once)]
SomeNames = Annotated[Names, AfterValidator(_at_least_one)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]  # what every generator takes, LightGBM's too, with room for those counted on from it
Folder = Annotated[Path, BeforeValidator(_not_empty)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MediaSettings(_Section):
    """Caps at the door for pictures and sounds."""

    max_image_bytes: int = Field(8 * 2**20, gt=0, description="bytes of an encoded picture")
    max_image_pixels: int = Field(25_000_000, gt=0, description="width times height")
    max_audio_bytes: int = Field(16 * 2**20, gt=0, description="bytes of an encoded sound")
    max_audio_seconds: float = Field(30.0, gt=0, description="seconds of sound")


class EncoderSettings(_Section):
    """Encoders of your own in place of those that ship: a folder, or a hub id ``org/name`` or ``org/name@revision``."""

    text: str | None = Field(None, description="sentence encoder of the modalities text and history")
    multilingual: str | None = Field(None, description="sentence encoder of the modality multilingual")
    image: str | None = Field(None, description="picture encoder of the modality image")
    joint: str | None = Field(None, description="CLIP, SigLIP or Chinese-CLIP of the modalities joint and joint_image")


class FeatureSettings(_Section):
    """What is extracted, and how."""

    modalities: SomeNames = ("text", "multilingual", "words", "lexical", "image", "audio", "numeric", "history")
    batch_size: int = Field(32, gt=0, description="items an encoder sees at once")
    workers: int = Field(2, gt=0, description="threads that decode media beside the encoder")
    encoders: EncoderSettings = EncoderSettings()
    allow_download: bool = Field(False, description="fetch encoders named by hub id; else only the local hub cache is read")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="that encoders of your own run on")


class TrainingSettings(_Section):
    """The fusion models that are trained, and how."""

    rankers: SomeNames = Field(
        default=("late", "late+concat+sequence", "sum+sequence", "concat+sequence", "attention+attention_sequence"),
        description="late, fusion+scorer or late+fusion+scorer of each model; the first is also trained on each family alone",
    )
    loss: str = "softmax"
    seeds: Annotated[tuple[Seed, ...], AfterValidator(_each_once), AfterValidator(_at_least_one)] = (0,)
    start: Folder | None = Field(
        None, description="model folder that training starts from, as far as modalities and encoders agree"
    )
    width: int = Field(64, gt=0, le=4096, multiple_of=4, description="D, the width of a modality's vector in the model")
    interaction: int = Field(64, ge=0, le=4096, description="R, rank of the query-product product term; 0 leaves it out")
    epochs: int = Field(20, gt=0, description="the learning rate falls to 0 over them")
    patience: int = Field(8, gt=0, description="epochs without better validation nDCG@10 before training stops")
    batch_queries: int = Field(16, gt=0)
    slate: int = Field(512, gt=1, description="candidates per query in training")
    pool: int = Field(4096, gt=1, description="candidates per query that slates are drawn from")
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    late: int = Field(192, gt=0, le=4096, description="K, width of late interaction")
    late_learning_rate: float = Field(3e-3, gt=0)
    late_weight_decay: float = Field(0.3, ge=0)
    input_dropout: float = Field(0.3, ge=0, lt=1, description="of late interaction")
    modality_dropout: float = Field(0.1, ge=0, lt=1, description="share of slates that lack modalities in training")
    dropout: float = Field(0.2, ge=0, lt=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"


class FinetuningSettings(_Section):
    """How `fuserank finetune` trains the last blocks of the picture encoder."""

    epochs: int = Field(8, gt=0, description="the learning rate rises for a tenth of their steps, then falls to 0")
    crops: int = Field(4, gt=0, le=64, description="of each photo, kept on disk while it runs: 44 kB each")
    batch: int = Field(32, gt=0, description="photos a step")
    learning_rate: float = Field(5e-4, gt=0, description="at its peak")
    weight_decay: float = Field(1e-2, ge=0)
    seed: Seed = Field(0, description="of crops, order and classification head")


class Span(_Section):
    """Numbers from `low` to `high`, drawn evenly, or evenly in their logarithm."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _is_a_span(self) -> Span:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low < high, and low > 0 where log is true")
        return self


Knob = Annotated[
    Annotated[Literal["all"], Tag("all")]
    | Annotated[tuple[Annotated[str | int | float, PlainValidator(_word_or_number)], ...], Tag("values")]
    | Annotated[Span, Tag("span")],
    Discriminator(_form, custom_error_type="form", custom_error_message="all, a list of values, or a span of low, high and log"),
]


class TuningSettings(_Section):
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


class EvaluationSettings(_Section):
    """What the leaderboard holds beside the fusion models."""

    baselines: Names = (
        "random",
        "single",
        "fixed",
        "lambdamart",
        "textbook",
        "contrastive_projection",
        "word_tagger",
        "plain_mlp",
        "popularity",
        "repeat",
        "item_knn",
        "als",
    )
    families: dict[str, tuple[str, ...]] = Field(
        default={
            "text": ("text", "multilingual", "text_tokens", "words", "lexical"),
            "picture": ("image", "joint", "joint_image"),
            "sound": ("audio",),
            "numbers": ("numeric",),
            "history": ("history", "behaviour"),
        },
        description="modalities that are one source of evidence: each family is also trained alone, with the same supervision",
    )


class GateSettings(_Section):
    """What a challenger must show to become champion."""

    slice_tolerance: float = Field(0.02, ge=0, description="nDCG@10 a protected slice may lose")
    latency_ms: float = Field(50.0, gt=0, description="budget to score 1,000 candidates on one thread")
    missing_tolerance: float = Field(
        0.5, ge=0, le=1, description="share by which the model without a family may stand below the best other family alone"
    )
    alpha: float = Field(0.05, gt=0, lt=1, description="level of the paired test")


class MonitoringSettings(_Section):
    """When drift is called drift."""

    column_share: float = Field(0.3, gt=0, le=1, description="share of drifting columns that makes a table drift")
    alpha: float = Field(0.05, gt=0, lt=1, description="false-alarm level that thresholds are calibrated to")
    sample: int = Field(2000, ge=30, description="rows drawn from each side for embedding drift; fewer are never compared")


class Settings(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="FUSERANK_",
        env_nested_delimiter="__",
        pyproject_toml_table_header=("tool", "fuserank"),
    )

    home: Folder = Field(Path(".fuserank"), description="feature store, models, registry")
    reports: Folder = Field(Path("reports"), description="run reports")
    media: MediaSettings = MediaSettings()
    features: FeatureSettings = FeatureSettings()
    training: TrainingSettings = TrainingSettings()
    finetuning: FinetuningSettings = FinetuningSettings()
    tuning: TuningSettings = TuningSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    gate: GateSettings = GateSettings()
    monitoring: MonitoringSettings = MonitoringSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources; dotenv and secret files are not read."""
        return init_settings, env_settings, PyprojectTomlConfigSettingsSource(settings_cls)


def load_settings(**arguments: Any) -> Settings:
    """Read the settings.

    Args:
        arguments: values that win over every other source; nested sections as dicts.

    Raises:
        SettingsError: a key is unknown (an environment variable FUSERANK_* that names no setting included), a value cannot be read
            or is out of range.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**arguments)
    except pydantic_settings.SettingsError as error:
        raise SettingsError(
            f"{error}",
            allowed="lists and sections as JSON, for example FUSERANK_TRAINING__SEEDS='[0, 1]'",
            todo="correct the FUSERANK_* variable",
        ) from None
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        unknown, allowed = first["type"] == "extra_forbidden", first["msg"].removeprefix("Input should be ")
        raise SettingsError(
            f"setting {key!r}: {'no such setting' if unknown else 'wrong value'} (got {str(first.get('input'))[:80]!r})",
            allowed=", ".join(_keys(Settings, first["loc"])) if unknown else allowed.removeprefix("Value error, "),
            todo="correct the argument, the FUSERANK_* variable or [tool.fuserank] in pyproject.toml",
        ) from None


def _refuse_unknown_variables() -> None:
    """A variable whose first part names no setting would be ignored; what stands behind `__` is checked with the values."""
    names = [f"FUSERANK_{name.upper()}" for name in Settings.model_fields]
    for variable in sorted(os.environ):
        first = variable.upper().split("__")[0]
        if first.startswith("FUSERANK_") and first not in names and first not in OTHER_VARIABLES:
            near = difflib.get_close_matches(first, names, n=1)
            raise SettingsError(
                f"environment variable {variable!r} names no setting",
                allowed=", ".join(names),
                todo=f"did you mean {near[0]}?" if near else "rename or unset it",
            )


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names of the settings beside the one at `loc`."""
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        model = field.annotation
    return sorted(model.model_fields)
