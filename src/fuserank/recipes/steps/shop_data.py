"""Step: the recipe's dataset where it is there, a sample store else."""

from __future__ import annotations

from pathlib import Path

from fuserank.data.sample import build_sample
from fuserank.recipes.running import Run


def shop_data(run: Run, sample: str, products: int = 600, queries: int = 150, seed: int = 0) -> Path:
    """The folder that later steps read.

    Args:
        sample: the folder of the sample store, where the recipe's dataset is not there; made when it is not there either.
        products, queries, seed: of the sample store.
    """
    if not (run.recipe.data / "dataset.json").is_file():
        if run.recipe.data != Path(sample):
            run.say(f"no dataset in {run.recipe.data}: the sample store, which is generated, stands in")
        run.recipe = run.recipe.model_copy(update={"data": Path(sample)})
        if not (run.recipe.data / "dataset.json").is_file():
            build_sample(run.recipe.data, products=products, queries=queries, seed=seed)
    return run.recipe.data
