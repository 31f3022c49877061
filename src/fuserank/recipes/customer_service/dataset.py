"""The knowledge base as a dataset: an entry is a product, a question a query."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.recipes.customer_service.knowledge import entries, unanswered
from fuserank.types import Judgment, Product, Query

MANIFEST = Manifest(
    name="customer_service", origin="written for fuserank, see fuserank.recipes.customer_service", licence="Apache-2.0"
)
SHARES = (("test", 0.3), ("val", 0.2))  # of the topics of each category; the rest is train
UNANSWERED = "unanswered"  # how ids of questions without an answer begin
OWN_LANGUAGE, OTHER_LANGUAGE = 3, 2  # grades of the right topic


def build_help(root: Path, *, seed: int = 0) -> Dataset:
    """Write the dataset; the same seed gives the same bytes.

    Every entry can answer every question. The topics are dealt to train, val and test, so that no topic that is asked for in test
    was asked for in training. Questions without an answer have no judgment; one in three stands in val, the others in test.

    Args:
        root: the folder to make or replace.
        seed: of the dealing.

    Raises:
        InputError: something other than a dataset stands at `root`.
    """
    rng = np.random.default_rng([seed, 11])
    split_of = _dealt(rng)
    queries, judgments = [], []
    for entry in entries():
        for number, question in enumerate(entry.asked):
            query_id = f"{entry.entry_id}-{number}"
            queries.append(
                Query(query_id, text=question, locale=entry.locale, split=split_of[entry.topic], group=f"topic={entry.topic}")
            )
            for other in entries():
                if other.topic == entry.topic:
                    grade = OWN_LANGUAGE if other.locale == entry.locale else OTHER_LANGUAGE
                    judgments.append(Judgment(query_id, other.entry_id, grade, "synthetic"))
    return write_dataset(
        root,
        MANIFEST,
        products=[
            Product(e.entry_id, title=e.title, description=e.answer, category=e.category, locale=e.locale) for e in entries()
        ],
        queries=[*queries, *_without_answer(rng)],
        judgments=judgments,
    )


def is_answered(query_id: str) -> bool:
    """Whether the knowledge base has an answer to a question of the dataset."""
    return not query_id.startswith(UNANSWERED)


def _dealt(rng: np.random.Generator) -> dict[str, str]:
    """topic -> split, in each category by SHARES."""
    topics = sorted({(entry.category, entry.topic) for entry in entries()})
    split_of: dict[str, str] = {}
    for _, group in groupby(topics, key=lambda pair: pair[0]):
        names = [topic for _, topic in group]
        order = [names[i] for i in rng.permutation(len(names))]
        for split, share in SHARES:
            count = round(share * len(names))
            split_of |= dict.fromkeys(order[:count], split)
            order = order[count:]
        split_of |= dict.fromkeys(order, "train")
    return split_of


def _without_answer(rng: np.random.Generator) -> list[Query]:
    queries = []
    for (kind, locale), group in groupby(unanswered(), key=lambda row: row[:2]):
        questions: Sequence[str] = [question for *_, question in group]
        for place, index in enumerate(rng.permutation(len(questions))):
            query_id, split = f"{UNANSWERED}-{kind}-{locale}-{index:02d}", "val" if place % 3 == 0 else "test"
            queries.append(
                Query(query_id, text=questions[index], locale=locale, split=split, group=f"{UNANSWERED}={kind}-{locale}-{index}")
            )
    return queries
