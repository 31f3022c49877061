"""Step: write the knowledge base as the recipe's dataset."""

from __future__ import annotations

from fuserank.recipes.customer_service.dataset import build_help
from fuserank.recipes.running import Run


def help_data(run: Run, seed: int = 0) -> None:
    """Args: seed: of the dealing of topics to splits."""
    data = build_help(run.recipe.data, seed=seed)
    run.say(f"{len(data.products)} entries, {len(data.queries)} questions, written for fuserank: no customer asked them")
