"""A recipe: a TOML file that says on which data, with which settings, which steps are taken."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fuserank.errors import InputError

FOLDER = Path("recipes")
_SHIPPED = Path(__file__).parent / "shipped"  # where a wheel puts them; from source they lie at the top of the repository


def shipped_folder() -> Path:
    """Where the recipes that come with fuserank lie, installed or from source."""
    return _SHIPPED if _SHIPPED.is_dir() else Path(__file__).parents[3] / FOLDER


class Quick(BaseModel):
    """What `--quick` changes: a small try that shows the way, not the quality."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path | None = Field(None, description="the dataset folder in place of the recipe's")
    settings: dict[str, Any] = Field(default_factory=dict, description="sections whose keys win over the recipe's")
    steps: dict[str, dict[str, Any]] = Field(default_factory=dict, description="step -> options that win over the recipe's")


class Step(BaseModel):
    """One step; what else stands beside its name are its options."""

    model_config = ConfigDict(frozen=True, extra="allow")

    step: str

    @property
    def options(self) -> dict[str, Any]:
        """Keywords of the step."""
        return dict(self.model_extra or {})


class Recipe(BaseModel):
    """What a recipe says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    summary: str
    summary_zh: str = ""
    data: Path = Field(description="the dataset folder")
    settings: dict[str, Any] = Field(default_factory=dict, description="nested like `fuserank.settings.Settings`")
    steps: tuple[Step, ...] = Field(min_length=1)
    quick: Quick = Quick()

    def quickened(self) -> Recipe:
        """The recipe with what its part `quick` changes."""
        settings = dict(self.settings)
        for section, values in self.quick.settings.items():
            both = isinstance(values, dict) and isinstance(settings.get(section), dict)
            settings[section] = {**settings[section], **values} if both else values
        steps = tuple(Step(**{"step": s.step, **s.options, **self.quick.steps.get(s.step, {})}) for s in self.steps)
        return self.model_copy(update={"settings": settings, "steps": steps, "data": self.quick.data or self.data})


def read_recipe(name: str, folder: Path = FOLDER) -> Recipe:
    """The recipe of a name.

    Raises:
        InputError: there is none, or its file is not as it must be.
    """
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise InputError(
            f"no recipe {name[:80]!r} in {str(folder)[-80:]}/",
            allowed=", ".join(known) or "none there",
            todo="see `fuserank recipe`",
        )
    file = known[name]
    try:
        return Recipe.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {str(error)[:80]}", allowed="TOML", todo="correct the file") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{file}: {where}: {first['msg']}"[:200], allowed=", ".join(Recipe.model_fields), todo="correct it"
        ) from None
