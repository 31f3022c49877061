"""Does anything stand on two sides of the split that would let a test be passed by remembering?"""

from __future__ import annotations

from collections.abc import Iterable

from fuserank.data.dataset import Dataset
from fuserank.types import Product, Query


def leaks(dataset: Dataset, *, titles: bool | None = None) -> list[str]:
    """Name every leak between train, val and test.

    Rules: no query group, no wording of a plain text query, no product title, and no picture or sound on two sides; no judgment
    joins a query of one side to a product of another. A product without a split stands on all sides on purpose and is not counted.
    Attribute values are never read.

    Args:
        dataset: any dataset.
        titles: whether the title rule holds. Default: yes, except in a regime named ``no_…``, whose titles were shortened, or
            ``…_zh``, whose titles were translated by a rule that folds singular and plural: on purpose different products share
            a title there, and their original titles were kept apart when the sides were made.

    Returns:
        One sentence a leak, with up to three examples; [] when there is none.
    """
    regime = dataset.manifest.regime
    titles = not (regime.startswith("no_") or regime.endswith("_zh")) if titles is None else titles
    products = [product for product in dataset.products if product.split]
    queries = dataset.queries
    sided: list[Product | Query] = [*products, *queries]
    media = [(digest, item.split) for item in sided for digest in (item.image, item.audio) if digest]
    sentences = [
        _twice("query group", ((query.group, query.split) for query in queries if query.group)),
        _twice("query text", ((_plain(query.text), query.split) for query in queries if _is_text_only(query))),
        _twice("picture or sound", media),
        _crossing(dataset),
    ]
    if titles:
        sentences.append(_twice("product title", ((product.title.strip().casefold(), product.split) for product in products)))
    return [sentence for sentence in sentences if sentence]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_text_only(query: Query) -> bool:
    """A wording like "something for me" means another thing for every shopper, and "like this picture" for every picture."""
    return bool(query.text) and not (query.image or query.audio or query.user_id)


def _twice(what: str, places: Iterable[tuple[str, str | None]]) -> str:
    sides: dict[str, set[str | None]] = {}
    for key, split in places:
        sides.setdefault(key, set()).add(split)
    return _sentence(f"{what} on two sides", sorted(key for key, splits in sides.items() if len(splits) > 1))


def _crossing(dataset: Dataset) -> str:
    """Judgments between sides."""
    side_of_query = {query.query_id: query.split for query in dataset.queries}
    side_of_product = {product.product_id: product.split for product in dataset.products}
    found = []
    for query_id, grades in dataset.qrels.items():
        allowed = (None, side_of_query.get(query_id))
        found += [f"{query_id} / {product_id}" for product_id in grades if side_of_product.get(product_id) not in allowed]
    return _sentence("judgment across sides", found)


def _sentence(what: str, found: list[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{what}: " + ", ".join(map(repr, found[:3])) + more
