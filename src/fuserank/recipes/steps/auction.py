"""Step: sell the held-out impressions by expected value, by bid and by probability, with budgets."""

from __future__ import annotations

import numpy as np

from fuserank.metrics.ndcg import ndcg
from fuserank.recipes.ad_recommendation.ads import FILE, read_ads
from fuserank.recipes.ad_recommendation.selling import ORDERS, Opportunity, Order, Sold, sell
from fuserank.recipes.plots import lines
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run


def auction(run: Run, slots: int = 3) -> dict[str, Sold]:
    """The orders side by side on the same clicks, paced and not.

    Args:
        slots: ads shown at once.
    """
    clicks, products = run.found["click_model"], run.job.dataset.products
    ads = read_ads(run.recipe.data / FILE, [product.product_id for product in products])
    bids, budgets = (np.array([getattr(ads[p.product_id], name) for p in products]) for name in ("bid", "budget"))
    chances = [
        Opportunity(slate.rows, stated, slate.grades > 0) for slate, stated in zip(clicks.slates, clicks.probabilities, strict=True)
    ]
    found: dict[str, Sold] = {}
    rows: list[tuple[str | int | float, ...]] = []
    for name, order in ORDERS.items():
        for paced in (True, False):
            sold = sell(chances, bids, budgets, order, slots=slots, paced=paced)
            key = f"{name}, {'paced' if paced else 'not paced'}"
            found[key] = sold
            over = int((sold.spent > budgets + 1e-6).sum())
            rows.append((key, sold.revenue[-1], sold.shown, sold.clicks, *_ndcgs(chances, bids, order), over))
    words = (
        f"{len(chances)} opportunities, {slots} slots, a click is one of the log; by expected value and by bid a click costs the "
        "least bid that keeps the place (GSP), by probability the bid. nDCG of the whole order before budgets: gain 1 for a click; "
        "of value: gain is the bid of a clicked ad"
    )
    head = ("order", "revenue", "shown", "clicks", "nDCG@10", "nDCG@10 of value", "overspent")
    plot = {"revenue": lines({key: sold.revenue for key, sold in found.items()}, "opportunity", "revenue so far")}
    run.show(Section("auction", words, head, tuple(rows), plot))
    return found


def _ndcgs(chances: list[Opportunity], bids: np.ndarray, order: Order) -> tuple[float, float]:
    """Means over the opportunities with a click; of clicks, and of clicks weighed by bid."""
    clicked = [chance for chance in chances if chance.clicked.any()]
    values = [
        [ndcg(order.score(bids[c.ads], c.probability), gain) for gain in (c.clicked.astype(float), c.clicked * bids[c.ads])]
        for c in clicked
    ]
    first, second = np.mean(values, axis=0).tolist()
    return first, second
