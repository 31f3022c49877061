"""Evidence for a ranking from lists that another one has shown, under the position-based model.

A click on a product at place k of the log says it pleases, if it was looked at: with probability θ_k. In the new ranking it stands
at k', where it is worth λ_k'. So its weight is λ_k' / θ_k (Joachims, Swaminathan & Schnabel 2017, WSDM; the item-position model of
Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay & Wen 2018, KDD, "Offline evaluation of ranking policies with click models"). Where
the log has answered a query with several lists, θ_k is its mean over them, 0 for lists without the product (Oosterhuis & de Rijke
2020): then what was shown seldom is not punished. What was never shown has no clicks: IPS counts it 0, SNIPS as the mean of the
rest, DR as the model says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fuserank.click_models import ClickEstimate, ClickLog
from fuserank.counterfactual.evidence import Evidence
from fuserank.plugins import PluginTable

CLIP = 100.0  # no weight is above: a product looked at once in a hundred lists or less


def _clicks(examination: np.ndarray) -> np.ndarray:
    return examination


def _dcg(examination: np.ndarray) -> np.ndarray:
    return 1 / np.log2(1 + np.arange(1, len(examination) + 1))


# What a place of the new ranking is worth, by the examination (K,): clicks that a list gets, or the discounted gain of DCG.
WORTHS: PluginTable[Callable[[np.ndarray], np.ndarray]] = PluginTable("worth", {"clicks": _clicks, "dcg": _dcg})


def reranked(
    log: ClickLog,
    estimate: ClickEstimate,
    rankings: Mapping[str, Sequence[str]],
    worth: np.ndarray,
    *,
    attraction: Mapping[str, Mapping[str, float]] | None = None,
    clip: float = CLIP,
) -> Evidence:
    """Evidence for other rankings of the logged queries.

    Args:
        estimate: examination, by which clicks are weighted.
        rankings: query id -> product ids best first, of every query in the log; what stands below the places of `worth` has none.
        worth: (K,) of the places.
        attraction: query id -> product id -> how often it is clicked when looked at, as a model says; what is not in it counts 0.
            None: no model, and DR is IPS.
        clip: no weight is above.
    """
    model, held, places = np.zeros(len(log.queries)), np.zeros(len(log.queries)), dict[tuple[str, str], int]()
    asked = set(log.queries[np.unique(log.query)].tolist())
    said = attraction or {}
    for q, query in enumerate(log.queries.tolist()):
        if query in asked:
            top = list(rankings[query])[: len(worth)]
            places |= {(query, product): place for place, product in enumerate(top)}
            held[q] = worth[: len(top)].sum()
            model[q] = sum(worth[place] * said.get(query, {}).get(product, 0.0) for place, product in enumerate(top))
    pairs = zip(log.queries[log.pair_query].tolist(), log.products[log.pair_product].tolist(), strict=True)
    padded = np.append(worth, 0.0)
    names = list(pairs)
    new = padded[np.array([places.get(pair, len(worth)) for pair in names], int)]
    liked = np.array([said.get(query, {}).get(product, 0.0) for query, product in names])
    looked = estimate.examination[log.place - 1]
    share = np.bincount(log.pair, looked, len(names)) / np.bincount(log.query, minlength=len(log.queries))[log.pair_query]
    weights = np.minimum(np.divide(new, share, out=np.zeros(len(names)), where=share > 0), clip)[log.pair]
    seen = np.bincount(log.pair_query, new * (share > 0), len(log.queries))
    due = float(held[log.query].mean())
    return Evidence(
        shopper=log.shopper,
        weighted=_by_list(log, weights * log.clicked),
        weight=_by_list(log, weights * looked),
        due=due,
        model=model[log.query],
        predicted=_by_list(log, weights * looked * liked[log.pair]),
        covered=float(seen[log.query].mean()) / due if due else 0.0,
    )


def as_logged(log: ClickLog, estimate: ClickEstimate, worth: np.ndarray) -> Evidence:
    """Evidence for the lists as they were shown: each click is worth λ_k / θ_k; with λ = θ its value is clicks a list."""
    padded = np.zeros(max(log.depth, len(worth)))
    padded[: len(worth)] = worth
    looked, value = estimate.examination[log.place - 1], padded[log.place - 1]
    weights = np.divide(value, looked, out=np.zeros(len(value)), where=looked > 0)
    weight = _by_list(log, weights * looked)
    nothing = np.zeros(log.lists)
    return Evidence(log.shopper, _by_list(log, weights * log.clicked), weight, float(weight.mean()), nothing, nothing)


def _by_list(log: ClickLog, values: np.ndarray) -> np.ndarray:
    return np.bincount(log.row, values, log.lists)
