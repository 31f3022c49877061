"""Sides made up for the tests of monitoring."""

import numpy as np
import pandas as pd

from fuserank.monitoring import Rows, Side

ROWS, DIM = 300, 24


def products(rng, rows=ROWS, *, price=3.0, category=("shirts", "shoes", "bags"), title="blue shirt"):
    return pd.DataFrame({
        "product_id": [f"p{i}" for i in range(rows)],
        "title": [title + "x" * int(extra) for extra in rng.integers(0, 20, rows)],
        "category": rng.choice(category, rows),
        "brand": rng.choice([f"brand {i}" for i in range(100)], rows),
        "locale": "en",
        "price": np.exp(rng.normal(price, 0.5, rows)),
        "rating": np.where(rng.random(rows) < 0.2, np.nan, 5 * rng.random(rows)),
        "popularity": np.nan,
        "image": "a" * 64,
        "audio": None,
    })  # fmt: skip


def side(name, seed, *, rows=ROWS, shift=0.0, audio=0.5, units=None, **changes):
    """Products with pictures; a share `audio` of them sounds."""
    rng = np.random.default_rng(seed)
    image = (rng.normal(size=(rows, DIM)) + shift).astype(np.float32)
    heard = np.arange(int(rows * audio))
    vectors = {"image": (image, np.arange(rows)), "audio": (rng.normal(size=(len(heard), DIM)).astype(np.float32), heard)}
    has = {"image": np.ones(rows), "audio": (np.arange(rows) < len(heard)).astype(float)}
    return Side(name, {"products": Rows({"products": products(rng, rows, **changes)}, vectors, has, units=units)})
