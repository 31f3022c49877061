"""Step: write generated shipments as the recipe's dataset."""

from __future__ import annotations

from fuserank.recipes.logistics_tracking.dataset import build_tracking
from fuserank.recipes.logistics_tracking.shipments import Shipment, make_shipments
from fuserank.recipes.running import Run


def tracking_data(run: Run, shipments: int = 200, seed: int = 0) -> dict[str, Shipment]:
    """Shipments by number.

    Args:
        shipments: how many, at least 20.
        seed: of everything random.
    """
    data = build_tracking(run.recipe.data, shipments=shipments, seed=seed)
    run.say(f"{shipments} generated shipments with {len(data.products)} events, {len(data.queries)} questions")
    return {shipment.number: shipment for shipment in make_shipments(shipments, seed)}
