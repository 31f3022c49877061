"""LightGBM LambdaMART on the same features: pair scores, principal components of the vectors, the present mask.

The trained picture models' scores are columns too, out-of-fold in training, as `fuserank.baselines.picture_scores` gives them.

LambdaMART: Burges 2010, MSR-TR-2010-82; LightGBM: Ke et al. 2017, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fuserank.baselines.components import principal_components, sides_of
from fuserank.baselines.picture_scores import picture_scores, with_columns
from fuserank.slates import Features, Slate

TREE_COMPONENTS = 16  # of each modality's products, and of its queries
POOL = 400  # candidates a slate in training: all relevant ones first


def lambdamart(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Trees fitted on the training slates, stopped early by nDCG@10 on the validation slates."""
    import lightgbm

    rng = np.random.default_rng(seed)
    table = TreeTable(features, train, seed)
    train, columns = stacked(features, train, val, seed)
    val = [with_columns(s, columns(s)) for s in val]
    train = [s.take(np.lexsort((rng.random(len(s.rows)), -s.grades))[:POOL]) for s in train]
    trees = lightgbm.LGBMRanker(
        objective="lambdarank",
        n_estimators=400,
        learning_rate=0.05,
        num_leaves=31,
        min_child_samples=20,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        label_gain=list(range(11)),
        random_state=seed,
        n_jobs=1,
        verbose=-1,
        deterministic=True,
    )
    trees.fit(
        np.concatenate([table(s) for s in train]),
        np.concatenate([s.grades for s in train]),
        group=[len(s.rows) for s in train],
        eval_X=(np.concatenate([table(s) for s in val]),),
        eval_y=(np.concatenate([s.grades for s in val]),),
        eval_group=[[len(s.rows) for s in val]],
        eval_at=[10],
        callbacks=[lightgbm.early_stopping(30, verbose=False)],
    )
    booster = trees.booster_

    def score(slate: Slate) -> np.ndarray:
        return np.asarray(booster.predict(table(with_columns(slate, columns(slate))), num_threads=1), np.float32)

    return {"LightGBM LambdaMART": score}


def stacked(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> tuple[list[Slate], Callable[[Slate], np.ndarray]]:
    """Training slates with the out-of-fold scores of the picture models, and the function that gives those of any other slate."""
    out_of_fold, columns = picture_scores(features, train, val, seed)
    return [with_columns(s, found) for s, found in zip(train, out_of_fold, strict=True)], columns


class TreeTable:
    """Rows of numbers for the trees: (N, S + M + components of products + components of queries), float32."""

    def __init__(self, features: Features, train: Sequence[Slate], seed: int) -> None:
        self.products, self.queries = [], []
        for name in features.queries.modalities:
            products, queries = sides_of(features, train, name)
            self.products += principal_components([products], TREE_COMPONENTS, seed)
            self.queries += principal_components([queries], TREE_COMPONENTS, seed)

    def names(self, features: Features, width: int) -> list[str]:
        """What the columns of a table of `width` columns hold, in order; those between pair scores and mask are picture models."""
        masks = [f"present.{modality.name}" for modality in features.modalities]
        parts = [
            f"{side}{number}.component{column}"
            for side, sides in (("product", self.products), ("query", self.queries))
            for number, part in enumerate(sides)
            for column in range(part.shape[1])
        ]
        pictures = width - len(features.pair_names) - len(masks) - len(parts)
        return [*features.pair_names, *(f"picture_model{number}" for number in range(pictures)), *masks, *parts]

    def __call__(self, slate: Slate) -> np.ndarray:
        """The rows of a slate that has the columns of the picture models."""
        query = np.concatenate([q[slate.query] for q in self.queries])
        parts = [slate.pairs, slate.present, *(p[slate.rows] for p in self.products), np.tile(query, (len(slate.rows), 1))]
        return np.concatenate(parts, axis=1, dtype=np.float32)
