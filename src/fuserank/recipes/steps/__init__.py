"""The table of steps: one file and one entry here make a new one. A step is called with the run and the options of the recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuserank.plugins import PluginTable
from fuserank.recipes.steps.answer_study import answer_study
from fuserank.recipes.steps.assistant import assistant
from fuserank.recipes.steps.champion import champion
from fuserank.recipes.steps.help_data import help_data
from fuserank.recipes.steps.help_desk import help_desk
from fuserank.recipes.steps.tracker import tracker
from fuserank.recipes.steps.tracker_accuracy import tracker_accuracy
from fuserank.recipes.steps.tracking_data import tracking_data

STEPS: PluginTable[Callable[..., Any]] = PluginTable(
    "step",
    {
        "answer_study": answer_study,
        "assistant": assistant,
        "champion": champion,
        "help_data": help_data,
        "help_desk": help_desk,
        "tracker": tracker,
        "tracker_accuracy": tracker_accuracy,
        "tracking_data": tracking_data,
    },
)
