"""A model with a file of merchandising rules: the order that shoppers would see if the rules were released."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from fuserank.errors import InputError
from fuserank.merchandising import Asked, Selector, Synonym, apply, read_rules
from fuserank.merchandising.compiled import utc_now
from fuserank.pipeline.job import Job
from fuserank.pipeline.seeing.contestants import Contestant, Ordered
from fuserank.slates import Features, Slate
from fuserank.types import Product


def ruled(job: Job, features: Features, base: Contestant, file: Path, name: str) -> Contestant:
    """Rules over the order of a contestant, as of now. Synonyms change what is looked up and are left out, with a note.

    Raises:
        InputError: the file is not as it must be, or the base has no scores.
    """
    if base.score is None:
        raise InputError(f"rules over {base.name}", allowed="a model or a baseline", todo="put the rules after another ranker")
    rules, now = read_rules(file), utc_now()
    queries = {query.query_id: query for query in job.dataset.queries}
    products = {product.product_id: product for product in job.dataset.products}
    synonyms = [rule.name for rule in rules.rules if isinstance(rule, Synonym)]

    def order(slate: Slate) -> Ordered:
        best = base.order(slate).products
        query_id = features.queries.query_ids[slate.query]
        asked = Asked(features.queries.texts[slate.query], queries[query_id].locale)
        held = [rule for rule in rules.holding(asked, now) if not isinstance(rule, Synonym)]
        places = {product: at for at, product in enumerate(best)}

        def chosen(selector: Selector) -> np.ndarray:
            return np.array([_meant(selector, products[product]) for product in best], bool)

        placed = apply(held, len(best), chosen, places.get, products.__contains__)
        return Ordered([best[line.at] for line in placed.lines], {best[line.at]: line.rules for line in placed.lines if line.rules})

    notes = (f"synonyms are not previewed here: {', '.join(synonyms)}; ask fuserank rules preview",) if synonyms else ()
    said = f"{base.said}, with the rules of {file.name} (version {rules.version[:12]})"
    return replace(base, name=name, said=said, order=order, notes=(*base.notes, *notes))


def _meant(selector: Selector, product: Product) -> bool:
    """Whether all that a selector says holds for a product; as `fuserank.serving.stock` asks it of a stock."""
    above = None if selector.categories is None else [path.strip().casefold() for path in selector.categories]
    own = product.category.strip().casefold()
    price = product.price
    return all(
        (
            selector.ids is None or product.product_id in selector.ids,
            above is None or any(own == path or re.match(rf"{re.escape(path)}\s*[>/]", own) for path in above),
            selector.brands is None or product.brand.lower() in {brand.strip().lower() for brand in selector.brands},
            selector.min_price is None or (price is not None and price >= selector.min_price),
            selector.max_price is None or (price is not None and price <= selector.max_price),
        )
    )
