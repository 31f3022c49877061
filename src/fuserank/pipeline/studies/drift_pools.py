"""Pools of products to draw batches from: those of a shop as it was, and those that have drifted in one way each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from fuserank.monitoring import Rows
from fuserank.monitoring.side import product_rows
from fuserank.pipeline.extract import features_of
from fuserank.pipeline.importing import SAMPLE
from fuserank.pipeline.stock_changes import UNCOMPARED
from fuserank.pipeline.studies.bench import Shop, Workspace, real_shop

PRODUCTS = 2000  # of a pool, at most


@dataclass(frozen=True)
class Injection:
    """Drifted products.

    Attributes:
        shop: that has them.
        paired: they are those of the shop as it was, row by row, with something of each changed.
        category: those of this category alone, in one of its languages; (): all.
    """

    shop: Shop
    paired: bool
    category: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """A shop as it was, and name -> how it drifts."""

    shop: Shop
    injections: Mapping[str, Injection] = field(default_factory=dict)


def sample_batch(name: str, products: int = PRODUCTS, **options: object) -> Shop:
    """A batch of the sample store; its queries are not looked at."""
    return Shop(SAMPLE, f"drift-{name}", (("products", products), ("queries", 8), *options.items()))


SCENES = (
    Scene(
        sample_batch("core"),
        {
            "colours of pictures turned by 60°": Injection(sample_batch("colours", hue_shift=60.0), paired=True),
            "a new category": Injection(sample_batch("lamps", 8000, new_category=True), False, ("Lighting", "灯具")),
            "titles in Chinese": Injection(sample_batch("chinese", chinese=1.0), paired=True),
            "silent sounds": Injection(sample_batch("silent", silent=True), paired=True),
        },
    ),
    Scene(
        real_shop("fashion", "full"),
        {
            "the late batch": Injection(
                Shop("fashion", "late", (("batch", "late"),), real_shop("fashion", "full").modalities), False
            )
        },
    ),
)


@dataclass(frozen=True)
class Pool:
    """Products of all batches of a scene, as rows of one table.

    Attributes:
        rows: all products.
        core: which rows are of the shop as it was: int (n,).
        drifted: injection -> its rows.
        paired: injections whose rows are in the order of `core`.
        version: of the datasets that it was made from.
    """

    rows: Rows
    core: np.ndarray
    drifted: Mapping[str, np.ndarray]
    paired: frozenset[str]
    version: tuple[str, ...]


def pool_of(workspace: Workspace, scene: Scene, products: int = PRODUCTS) -> Pool:
    """The features of a scene, extracted once.

    Args:
        products: of each batch at most, drawn.
    """
    parts, versions = [], []
    for injection in (Injection(scene.shop, paired=True), *scene.injections.values()):
        rows, version = _batch(workspace, injection, products)
        parts.append(rows)
        versions.append(version)
    starts = np.cumsum([0, *map(len, parts)])
    places = [np.arange(start, end) for start, end in pairwise(starts)]
    paired = frozenset(name for name, injection in scene.injections.items() if injection.paired)
    return Pool(joined(parts), places[0], dict(zip(scene.injections, places[1:], strict=True)), paired, tuple(versions))


def joined(parts: list[Rows]) -> Rows:
    """Rows one after the other; the modalities are those of the first."""
    starts = np.cumsum([0, *map(len, parts)])
    first = parts[0]
    vectors = {}
    for modality in first.vectors:
        arrays, rows = zip(*(part.vectors[modality] for part in parts), strict=True)
        moved = [start + of for start, of in zip(starts, rows, strict=False)]
        there = [array for array in arrays if len(array)] or [arrays[0]]  # a modality that a batch lacks has no width there
        vectors[modality] = (np.concatenate(there), np.concatenate(moved))
    tables = {name: pd.concat([part.tables[name] for part in parts], ignore_index=True) for name in first.tables}
    return Rows(tables, vectors, {m: np.concatenate([part.has[m] for part in parts]) for m in first.has})


def _batch(workspace: Workspace, injection: Injection, products: int) -> tuple[Rows, str]:
    job = workspace.job(injection.shop)
    data, table = job.dataset, job.dataset.table("products")
    fitting = [i for i, p in enumerate(data.products) if not injection.category or p.category in injection.category]
    chosen = np.sort(np.random.default_rng(0).permutation(len(fitting))[:products])
    kept = [fitting[place] for place in chosen.tolist()]
    catalogue = features_of(job, [data.products[i] for i in kept], [], data.media.get)[0].catalogue
    vectors = {m: np.asarray(array) for m, array in catalogue.vectors.items() if m not in UNCOMPARED}
    return product_rows(table.take(kept), vectors, {m: catalogue.has(m) for m in vectors}), data.version
