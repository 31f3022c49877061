"""The tree, and how it is read."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

import pydantic
import pydantic_settings
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, PyprojectTomlConfigSettingsSource, SettingsConfigDict

from fuserank.errors import SettingsError
from fuserank.settings.operations import OperationsSettings, RetrainingSettings
from fuserank.settings.search import TuningSettings
from fuserank.settings.sections import (
    EvaluationSettings,
    FeatureSettings,
    FinetuningSettings,
    GateSettings,
    MediaSettings,
    MonitoringSettings,
    ScaleSettings,
    ServingSettings,
    TrainingSettings,
)
from fuserank.settings.values import Folder

SHOWN = 120  # characters of what a parser said
# Environment variables of this prefix that are no settings: what is served, its secret, and the tests' folder of real data.
OTHER_VARIABLES = frozenset(
    {"FUSERANK_PACKAGE", "FUSERANK_RELEASE", "FUSERANK_TOKEN", "FUSERANK_SHARED_DATA", "FUSERANK_REPORTS_URL"}
)


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
    serving: ServingSettings = ServingSettings()
    operations: OperationsSettings = OperationsSettings()
    retraining: RetrainingSettings = RetrainingSettings()
    scale: ScaleSettings = ScaleSettings()

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
    _refuse_broken_pyproject()
    try:
        return Settings(**arguments)
    except RecursionError:
        raise SettingsError(
            "a FUSERANK_* variable is nested too deeply", allowed="lists and sections as JSON", todo="correct the variable"
        ) from None
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
    """A variable whose first part names no setting would be ignored, as would a part of what has none; the rest is checked with
    the values."""
    names = [f"FUSERANK_{name.upper()}" for name in Settings.model_fields]
    for variable in sorted(os.environ):
        first, *parts = variable.upper().split("__")
        if parts and (field := Settings.model_fields.get(first.removeprefix("FUSERANK_").lower())) and not _is_section(field):
            raise SettingsError(
                f"environment variable {variable!r}: {first} has no parts", allowed=first, todo="rename or unset it"
            )
        if first.startswith("FUSERANK_") and first not in names and first not in OTHER_VARIABLES:
            near = difflib.get_close_matches(first, names, n=1)
            raise SettingsError(
                f"environment variable {variable!r} names no setting",
                allowed=", ".join(names),
                todo=f"did you mean {near[0]}?" if near else "rename or unset it",
            )


def _refuse_broken_pyproject() -> None:
    """The file is read again with the settings; what is wrong with it as a file is said here."""
    path = Path("pyproject.toml")
    if not path.is_file():
        return
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        wrong = (
            ""
            if isinstance(read.get("tool", {}), dict) and isinstance(read.get("tool", {}).get("fuserank", {}), dict)
            else "not a table"
        )
    except (OSError, ValueError, RecursionError) as error:
        wrong = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:SHOWN]
    if wrong:
        raise SettingsError(
            f"{path.resolve()}, where settings stand in [tool.fuserank]: {wrong}",
            allowed="TOML in UTF-8, with a table [tool.fuserank] or none",
            todo="correct the file, or call fuserank from another folder",
        )


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names of the settings beside the one at `loc`."""
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        model = field.annotation
    return sorted(model.model_fields)
