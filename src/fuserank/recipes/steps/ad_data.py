"""Step: write a generated ad market as the recipe's dataset."""

from __future__ import annotations

from pathlib import Path

from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample
from fuserank.recipes.ad_recommendation.market import build_market
from fuserank.recipes.running import Run


def ad_data(run: Run, ads: int = 300, shoppers: int = 2000, shown: int = 20, seed: int = 0) -> Dataset:
    """The market.

    Args:
        ads, shoppers, shown, seed: see `build_market`.
    """
    store: Path = run.settings.home / "recipes" / f"ad-goods-{ads}-{seed}"
    goods = Dataset.open(store) if (store / "dataset.json").is_file() else build_sample(store, products=ads, queries=24, seed=seed)
    data = build_market(run.recipe.data, goods, shoppers=shoppers, shown=shown, seed=seed)
    clicks = sum(grade for grades in data.qrels.values() for grade in grades.values())
    shows = sum(len(grades) for grades in data.qrels.values())
    run.say(f"generated, no shopper clicked these: {len(data.products)} ads, {shows} impressions, {clicks} clicks")
    return data
