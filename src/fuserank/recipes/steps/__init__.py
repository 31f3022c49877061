"""The table of steps: one file and one entry here make a new one. A step is called with the run and the options of the recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuserank.plugins import PluginTable
from fuserank.recipes.steps.ad_data import ad_data
from fuserank.recipes.steps.affinity import affinity
from fuserank.recipes.steps.answer_study import answer_study
from fuserank.recipes.steps.assistant import assistant
from fuserank.recipes.steps.auction import auction
from fuserank.recipes.steps.champion import champion
from fuserank.recipes.steps.click_model import click_model
from fuserank.recipes.steps.cohorts import cohorts
from fuserank.recipes.steps.example_answers import example_answers
from fuserank.recipes.steps.funnel import funnel
from fuserank.recipes.steps.help_data import help_data
from fuserank.recipes.steps.help_desk import help_desk
from fuserank.recipes.steps.leaderboard import leaderboard
from fuserank.recipes.steps.next_purchase import next_purchase
from fuserank.recipes.steps.shop_data import shop_data
from fuserank.recipes.steps.tracker import tracker
from fuserank.recipes.steps.tracker_accuracy import tracker_accuracy
from fuserank.recipes.steps.tracking_data import tracking_data

STEPS: PluginTable[Callable[..., Any]] = PluginTable(
    "step",
    {
        "ad_data": ad_data,
        "affinity": affinity,
        "answer_study": answer_study,
        "assistant": assistant,
        "auction": auction,
        "champion": champion,
        "click_model": click_model,
        "cohorts": cohorts,
        "example_answers": example_answers,
        "funnel": funnel,
        "help_data": help_data,
        "help_desk": help_desk,
        "leaderboard": leaderboard,
        "next_purchase": next_purchase,
        "shop_data": shop_data,
        "tracker": tracker,
        "tracker_accuracy": tracker_accuracy,
        "tracking_data": tracking_data,
    },
)

# Steps that make the recipe's data: whether a dataset of the user's own can stand in its place.
MAKERS = {"ad_data": True, "help_data": True, "shop_data": True, "tracking_data": False}
