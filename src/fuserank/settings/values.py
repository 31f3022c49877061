"""Kinds of values that several settings share, and what a section is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


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


Names = Annotated[tuple[str, ...], AfterValidator(_each_once)]
SomeNames = Annotated[Names, AfterValidator(_at_least_one)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]  # what every generator takes, LightGBM's too, with room for those counted on from it
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_each_once), AfterValidator(_at_least_one)]
Folder = Annotated[Path, BeforeValidator(_not_empty)]


class Section(BaseModel):
    """A part of the tree: frozen, without keys that it does not name, without infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
