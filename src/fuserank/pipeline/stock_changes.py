"""Products as a side of a comparison: those of the champion's package, and those that came to the catalogue since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa

from fuserank.data.dataset import Dataset
from fuserank.features import Catalogue, extended
from fuserank.modalities.base import Modality
from fuserank.monitoring import Rows
from fuserank.monitoring.side import product_rows
from fuserank.types import SCHEMAS, Product

UNCOMPARED = {"history", "text_tokens"}  # both repeat what `text` shows: its vectors of the past, and its tokens


def packaged_products(dataset: Dataset, catalogue: Catalogue, *, sample: int) -> Rows:
    """The products that the champion was packaged with.

    Args:
        dataset: that it was trained on.
        catalogue: of the package.
        sample: products at most, drawn.
    """
    table = dataset.table("products")
    known = np.flatnonzero([product_id in catalogue for product_id in table["product_id"].to_pylist()])
    chosen = np.sort(np.random.default_rng(0).permutation(known)[:sample])
    drawn = table.take(pa.array(chosen))
    return _rows(drawn, catalogue, catalogue.rows(drawn["product_id"].to_pylist()))


def new_products(dataset: Dataset, changes: dict[str, Product | None], *, sample: int) -> list[Product]:
    """Products that the catalogue got, or that were changed, since the dataset was made; at most `sample` of them, drawn.

    Args:
        changes: as `fuserank.serving.catalogue_changes` gives them.
    """
    known = {_told(product) for product in dataset.products if product.product_id in changes}
    new = [product for product in changes.values() if product is not None and _told(product) not in known]
    order = np.random.default_rng(0).permutation(len(new))[:sample]
    return [new[place] for place in np.sort(order).tolist()]


def rows_of(
    products: Sequence[Product], catalogue: Catalogue, modalities: Sequence[Modality], read_bytes: Callable[[str], bytes]
) -> Rows:
    """New products, read as the service reads them.

    Args:
        catalogue: that they came to.
        modalities: its, in its order.
        read_bytes: of their media, by hash.
    """
    grown, _ = extended(catalogue, products, modalities, read_bytes, lasting=False)
    table = pa.Table.from_pylist([asdict(product) for product in products], schema=SCHEMAS["products"])
    return _rows(table, grown, np.arange(len(catalogue), len(catalogue) + len(products)))


def _told(product: Product) -> Product:
    """What the shop says of it; sides and attributes are the dataset's."""
    return replace(product, split=None, attributes="{}")


def _rows(products: pa.Table, catalogue: Catalogue, rows: np.ndarray) -> Rows:
    vectors = {m: np.asarray(array[rows]) for m, array in catalogue.vectors.items() if m not in UNCOMPARED}
    return product_rows(products, vectors, {m: catalogue.has(m, rows) for m in vectors})
