"""A shop whose log becomes a ranking task: what will a shopper take next? For logs whose dataset does not ask that already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.data.importers.dealt_splits import deal
from fuserank.errors import InputError
from fuserank.recipes.user_behaviour.leanings import TAKEN
from fuserank.types import Interaction, Judgment, Query


def asks_for_the_next(data: Dataset) -> bool:
    """Whether all queries of the dataset are shoppers at a moment, so that its splits are those of time."""
    return bool(data.queries) and all(query.user_id and query.timestamp is not None and not query.text for query in data.queries)


def next_taken(data: Dataset, target: Path) -> Dataset:
    """The dataset of the same products in which every shopper is asked about at the moment of the last event.

    The last product that a shopper took is judged 1; what was taken before it is known. Shoppers are dealt to splits by a hash.

    Raises:
        InputError: too few shoppers took two products.
    """
    taken: dict[str, list[Interaction]] = {}
    for event in data.interactions:
        if event.action in TAKEN:
            taken.setdefault(event.user_id, []).append(event)
    last = {user: events[-1] for user, events in taken.items() if events[0].timestamp < events[-1].timestamp}
    splits = deal(last)
    if set(splits.values()) != {"train", "val", "test"}:
        raise InputError(
            f"{data.name}: {len(last)} shoppers took more than one product",
            allowed="enough of them for each of train, val and test",
            todo="give a longer log, or leave the step next_purchase out",
        )
    queries = [
        Query(f"next-{user}", user_id=user, split=splits[user], timestamp=event.timestamp) for user, event in sorted(last.items())
    ]
    judgments = [Judgment(f"next-{user}", event.product_id, 1, "purchase") for user, event in sorted(last.items())]
    events = [event for user in taken for event in taken[user]]
    manifest = Manifest(name=f"{data.manifest.name}_next", max_grade=1, relevant_grade=1, origin=data.manifest.origin)
    products = [replace(product, split=None, image=None, audio=None) for product in data.products]
    return write_dataset(target, manifest, products=products, queries=queries, judgments=judgments, interactions=events)
