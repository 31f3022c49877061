"""What is sold: products as features, as the model's stored half, and as answers show them. Never changed, only replaced."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuserank.data.media import media_hash
from fuserank.features import Catalogue, build_query_features, extended, without
from fuserank.messages import Filters, GivenProduct, LeftOut
from fuserank.modalities.base import Modality
from fuserank.ranker import Ranker
from fuserank.serving.pictures import Pictures, small_picture
from fuserank.settings import MediaSettings
from fuserank.slates import Features, store_rows
from fuserank.stored_products import StoredProducts
from fuserank.types import Product

SHOWN = ("product_id", "title", "description", "brand", "category", "price", "locale")
IN_ANSWERS = ("product_id", "title", "brand", "category", "price")


@dataclass(frozen=True)
class Stock:
    """N products.

    Attributes:
        catalogue: as features.
        stored: the same products as the model reads them.
        shown: N rows of SHOWN, in the catalogue's order.
        pictures: small ones, for people.
    """

    catalogue: Catalogue
    stored: StoredProducts
    shown: pa.Table
    pictures: Pictures

    @property
    def count(self) -> int:
        """How many products can be found."""
        alive = self.catalogue.alive
        return len(self.catalogue) if alive is None else int(alive.sum())

    def details(self, rows: np.ndarray, columns: Sequence[str] = SHOWN) -> list[dict[str, Any]]:
        """What people see of products, one for each of `rows`: `columns`, the price a number or None, and `has_picture`."""
        # Cell by cell: for the few rows of an answer half as dear as pyarrow's `take`.
        values, places = [self.shown[name] for name in columns], rows.tolist()
        found = [{name: column[row].as_py() for name, column in zip(columns, values, strict=True)} for row in places]
        for product, row in zip(found, places, strict=True):
            product["has_picture"] = row in self.pictures
            if product["price"] is not None and not math.isfinite(product["price"]):
                product["price"] = None
        return found

    def extended(
        self,
        given: Sequence[GivenProduct],
        ranker: Ranker,
        modalities: Sequence[Modality],
        media: MediaSettings,
        *,
        lasting: bool = True,
    ) -> tuple[Stock, list[LeftOut]]:
        """With products that came with a request; one whose id is here takes that one's place. Nothing of this one is copied.

        Args:
            ranker, modalities: that read them.
            media: caps for pictures.
            lasting: False for the candidates of one request.

        Returns:
            the larger stock, and media that cannot be used.
        """
        sent: dict[str, bytes] = {}
        products = [product_of(product, sent) for product in given]
        catalogue, reports = extended(self.catalogue, products, modalities, sent.__getitem__, lasting=lasting)
        nobody, _ = build_query_features([], modalities, catalogue, None, sent.__getitem__)
        reasons = {key: reason for report in reports for key, reason in report.quarantined.items()}
        new = np.arange(len(self.catalogue), len(self.catalogue) + len(products))
        lines = [{name: value for name, value in asdict(product).items() if name in SHOWN} for product in products]
        stock = Stock(
            catalogue,
            self.stored.extended(store_rows(ranker, Features(modalities, catalogue, nobody), new)),
            pa.concat_tables([self.shown, pa.Table.from_pylist(lines, schema=self.shown.schema)]),
            self.pictures.extended(small_picture(sent[p.image], media) if p.image else None for p in products),
        )
        left_out = [
            LeftOut(product_id=product.product_id, reason=f"{kind}: {reasons[key]}")
            for product in products
            for kind, key in (("image", product.image), ("audio", product.audio))
            if key in reasons
        ]
        return stock, left_out

    def without(self, product_ids: Sequence[str]) -> Stock:
        """Without some products, all of which it has."""
        return replace(self, catalogue=without(self.catalogue, product_ids))

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


def product_of(given: GivenProduct, sent: dict[str, bytes]) -> Product:
    """In the words of the data set; its media by hash go into `sent`."""
    media = {kind: data for kind, data in (("image", given.image), ("audio", given.audio)) if data}
    sent |= {media_hash(data): data for data in media.values()}
    return Product(**given.model_dump(exclude={"image", "audio"}) | {kind: media_hash(data) for kind, data in media.items()})


def _below(categories: pa.ChunkedArray, paths: Sequence[str]) -> pa.ChunkedArray:
    """Whether a category is one of the paths or below one: `Home` holds `Home > Kitchen` and `Home/Kitchen`."""
    lower = pc.utf8_lower(categories)
    passed = pa.chunked_array([pa.array(np.zeros(len(categories), bool))])
    for path in paths:
        wanted = path.strip().lower()
        passed = pc.or_kleene(passed, pc.match_substring_regex(lower, f"^{re.escape(wanted)}( *[>/]|$)"))
    return passed
