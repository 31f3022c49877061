"""Runs a recipe: its steps one after the other, each handing on what it found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fuserank.errors import InputError
from fuserank.pipeline.job import Job
from fuserank.recipes.recipe import Recipe
from fuserank.recipes.report import Section, write_report
from fuserank.settings import Settings, load_settings


@dataclass
class Run:
    """What the steps of one run share.

    Attributes:
        recipe: that is run.
        settings: of the recipe, over environment and pyproject.toml.
        say: prints a line.
        typed: turns of a person who talks; None: the recipe's script is played.
        found: what earlier steps found, by step.
        sections: what the report shows.
    """

    recipe: Recipe
    settings: Settings
    say: Callable[[str], None]
    typed: Iterable[str] | None = None
    found: dict[str, Any] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    @cached_property
    def job(self) -> Job:
        """Over the recipe's dataset, which is there by now."""
        return Job(self.recipe.data, self.settings)

    @property
    def reports(self) -> Path:
        """The folder of the recipe's report."""
        return self.settings.reports / "recipes" / self.recipe.name

    def show(self, section: Section) -> None:
        """Print a section, and keep it for the report."""
        for line in section.lines():
            self.say(line)
        self.sections.append(section)

    def turns(self, script: Iterable[str]) -> Iterator[str]:
        """What is said, a turn at a time; a scripted turn is printed as if it were typed."""
        if self.typed is not None:
            yield from self.typed
            return
        for turn in script:
            self.say(f"> {turn}")
            yield turn


def run(recipe: Recipe, say: Callable[[str], None], typed: Iterable[str] | None = None) -> dict[str, Any]:
    """Take all steps.

    Args:
        recipe: to run.
        say: prints a line.
        typed: turns of a person; None: the script.

    Returns:
        what each step found.

    Raises:
        InputError: a step has no such option, or lacks one.
        UnknownNameError: there is no such step.
        SettingsError: a setting is not as it must be.
    """
    from fuserank.recipes.steps import STEPS

    steps = [(STEPS[step.step], step) for step in recipe.steps]
    for taken, step in steps:
        options = list(inspect.signature(taken).parameters)[1:]
        unknown = set(step.options) - set(options)
        if unknown:
            raise InputError(
                f"recipe {recipe.name}: step {step.step} has no option {min(unknown)[:80]!r}",
                allowed=", ".join(options) or "none",
                todo="correct the recipe",
            )
    going = Run(recipe, load_settings(**recipe.settings), say, typed)
    for taken, step in steps:
        going.found[step.step] = taken(going, **step.options)
    if going.sections:
        say(f"report: {write_report(going.reports, recipe.name, recipe.summary, going.sections)}")
    return going.found


def over_data(recipe: Recipe, data: Path) -> Recipe:
    """The recipe over a dataset of one's own: steps that would make its data are left out.

    Raises:
        InputError: a step needs the data that it makes.
    """
    from fuserank.recipes.steps import MAKERS

    for step in recipe.steps:
        if MAKERS.get(step.step) is False:
            raise InputError(
                f"recipe {recipe.name} over {str(data)[:80]!r}: later steps need what {step.step} makes",
                todo="leave --data out",
            )
    steps = tuple(step for step in recipe.steps if step.step not in MAKERS)
    return recipe.model_copy(update={"data": data, "steps": steps})
