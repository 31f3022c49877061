"""What the fusion ranker has to beat: baselines and peers over the same slates.

Each is a function (features, train slates, val slates, seed) -> {name: score function}. To add one: a file and a table entry.
Those that read the log of what shoppers took give {} where there is none (`fuserank.baselines.from_log`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuserank.baselines.als import als
from fuserank.baselines.contrastive_projection import contrastive_projection
from fuserank.baselines.fixed import fixed_sum
from fuserank.baselines.item_knn import item_knn
from fuserank.baselines.lambdamart import lambdamart
from fuserank.baselines.plain_mlp import plain_mlp
from fuserank.baselines.popularity import popularity
from fuserank.baselines.random import random_order
from fuserank.baselines.repeat import repeat
from fuserank.baselines.single import single_scores
from fuserank.baselines.textbook import textbook
from fuserank.baselines.word_tagger import word_tagger
from fuserank.plugins import PluginTable
from fuserank.slates import Features, Slate

Fit = Callable[[Features, Sequence[Slate], Sequence[Slate], int], Mapping[str, Callable[[Slate], np.ndarray]]]


@dataclass(frozen=True)
class Baseline:
    """A baseline and its kind on the leaderboard.

    Attributes:
        kind: ``random``, ``single``, ``fixed`` or ``peer``.
        fit: see the module.
        seeded: whether another seed gives another ranker.
    """

    kind: str
    fit: Fit
    seeded: bool


BASELINES: PluginTable[Baseline] = PluginTable(
    "baseline",
    {
        "random": Baseline("random", random_order, seeded=True),
        "single": Baseline("single", single_scores, seeded=False),
        "fixed": Baseline("fixed", fixed_sum, seeded=True),
        "lambdamart": Baseline("peer", lambdamart, seeded=True),
        "popularity": Baseline("peer", popularity, seeded=False),
        "repeat": Baseline("peer", repeat, seeded=False),
        "item_knn": Baseline("peer", item_knn, seeded=False),
        "als": Baseline("peer", als, seeded=True),
        "textbook": Baseline("peer", textbook, seeded=True),
        "contrastive_projection": Baseline("peer", contrastive_projection, seeded=True),
        "word_tagger": Baseline("peer", word_tagger, seeded=True),
        "plain_mlp": Baseline("peer", plain_mlp, seeded=True),
    },
)
