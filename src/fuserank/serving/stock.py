"""What is sold: products as features, as the model's stored half, and as answers show them. Never changed, only replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch import Tensor

from fuserank.features import Catalogue
from fuserank.messages import Filters
from fuserank.serving.pictures import Pictures

SHOWN = ("product_id", "title", "description", "brand", "category", "price", "locale")


@dataclass(frozen=True)
class Stock:
    """N products.

    Attributes:
        catalogue: as features.
        projected: what the model computes of a product alone, as `project_catalogue` gives it.
        shown: N rows of SHOWN, in the catalogue's order.
        pictures: small ones, for people.
    """

    catalogue: Catalogue
    projected: Tensor
    shown: pa.Table
    pictures: Pictures

    def details(self, rows: np.ndarray) -> list[dict[str, Any]]:
        """Rows of SHOWN and `has_picture`, one for each of `rows`."""
        found = self.shown.take(rows).to_pylist()
        return [{**product, "has_picture": int(row) in self.pictures} for product, row in zip(found, rows, strict=True)]

    def passing(self, filters: Filters | None) -> np.ndarray | None:
        """Which products pass: bool (N,); None: all do."""
        if filters is None:
            return None
        masks = []
        price = self.shown["price"]
        if filters.min_price is not None:
            masks.append(pc.greater_equal(price, filters.min_price))
        if filters.max_price is not None:
            masks.append(pc.less_equal(price, filters.max_price))
        if filters.categories is not None:
            masks.append(_below(self.shown["category"], filters.categories))
        for column, names in (("brand", filters.brands), ("locale", filters.locales)):
            if names is not None:
                wanted = pa.array([name.strip().lower() for name in names], pa.string())
                masks.append(pc.is_in(pc.utf8_lower(self.shown[column]), wanted))
        passed = np.ones(len(self.shown), bool)
        for mask in masks:
            passed &= pc.fill_null(mask, False).to_numpy()
        return passed


def _below(categories: pa.ChunkedArray, paths: Sequence[str]) -> pa.ChunkedArray:
    """Whether a category is one of the paths or below one: `Home` holds `Home > Kitchen` and `Home/Kitchen`."""
    lower = pc.utf8_lower(categories)
    passed = pa.chunked_array([pa.array(np.zeros(len(categories), bool))])
    for path in paths:
        wanted = path.strip().lower()
        passed = pc.or_kleene(passed, pc.match_substring_regex(lower, f"^{re.escape(wanted)}( *[>/]|$)"))
    return passed
