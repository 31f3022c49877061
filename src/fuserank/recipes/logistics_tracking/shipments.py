"""Made-up shipments: a number, a way, and events with place and time, as a carrier's scans are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from fuserank.messages import GivenProduct
from fuserank.recipes.logistics_tracking.numbers import s10_check
from fuserank.recipes.logistics_tracking.places import Place, places

START = datetime(2026, 1, 5, tzinfo=UTC)
STATUSES: dict[str, tuple[str, str]] = {  # status -> English, Chinese
    "picked_up": ("Picked up from the sender by the carrier", "承运商已从寄件人处揽收"),
    "in_transit": ("In transit, arrived at the sorting centre", "运输中，到达分拣中心"),
    "departed": ("In transit, departed from the sorting centre", "运输中，离开分拣中心"),
    "customs": ("Held for customs inspection", "海关查验中"),
    "customs_cleared": ("Released by customs, clearance complete", "海关已放行，清关完成"),
    "out_for_delivery": ("Out for delivery with the courier", "快递员正在派送"),
    "exception": ("Exception, delivery delayed", "异常，派送延误"),
    "delivered": ("Delivered and signed for", "已签收，派送完成"),
}
REASONS: tuple[tuple[str, str], ...] = (  # of an exception
    ("nobody at home", "收件人不在家"),
    ("address incomplete", "地址不完整"),
    ("severe weather", "恶劣天气"),
    ("parcel damaged, repacked", "包裹破损，已重新包装"),
)


@dataclass(frozen=True)
class Event:
    """One scan.

    Attributes:
        event_id: unique, e.g. ``RA123456785GB/03``.
        status: a key of STATUSES.
        place: where.
        time: UTC.
        reason: of an exception, as in REASONS; None for other events.
        latest: nothing is known after it.
    """

    event_id: str
    status: str
    place: Place
    time: datetime
    reason: tuple[str, str] | None
    latest: bool

    def said(self, chinese: bool) -> str:
        """The event in words, of its fields alone."""
        reason = f" ({self.reason[chinese]})" if self.reason else ""
        return f"{STATUSES[self.status][chinese]}{reason} · {self.place.name(chinese)} · {self.time:%Y-%m-%d %H:%M} UTC"

    def as_product(self) -> GivenProduct:
        """As a candidate: both languages, and whether it is the latest, which no other column says."""
        state = "latest current status now 最新 目前 现在状态" if self.latest else "earlier event 较早"
        reason = " ".join(self.reason or ())
        place = f"{self.place.name(False)} {self.place.name(True)}"
        return GivenProduct(
            product_id=self.event_id,
            title=" ".join(STATUSES[self.status]),
            description=f"{place}. {state}. {reason}".strip(),
            category=self.status.replace("_", " "),
        )


@dataclass(frozen=True)
class Shipment:
    """A parcel on its way; `events` in the order of time, at least one."""

    number: str
    events: tuple[Event, ...]

    @property
    def latest(self) -> Event:
        """The last known event."""
        return self.events[-1]


def make_shipments(count: int, seed: int) -> Iterator[Shipment]:
    """Shipments that are under way or delivered; the same arguments give the same ones.

    Args:
        count: how many, up to 10 million.
        seed: of everything random.
    """
    serials = np.random.default_rng([seed, 21]).permutation(max(count, 1))
    for index in range(count):
        rng = np.random.default_rng([seed, 22, index])
        origin, hub, other, target = _way(rng)
        serial = f"{10_000_000 + 7 * int(serials[index]):08d}"
        number = f"R{'ABEJLR'[int(rng.integers(0, 6))]}{serial}{s10_check(serial)}{origin.code}"
        stages = _stages(origin, hub, other, target, rng)
        known = stages[: int(rng.integers(1, len(stages) + 1))] if rng.random() < 0.7 else stages
        yield Shipment(number, tuple(_events(number, known, rng)))


def _way(rng: np.random.Generator) -> Sequence[Place]:
    """Origin, two hubs and the target; origin and target lie in different countries."""
    while True:
        way = [places()[int(i)] for i in rng.permutation(len(places()))[:4]]
        if way[0].code != way[3].code:
            return way


def _stages(origin: Place, hub: Place, other: Place, target: Place, rng: np.random.Generator) -> list[tuple[str, Place]]:
    """(status, place) of the whole way."""
    stages = [("picked_up", origin), ("departed", origin), ("in_transit", hub), ("departed", hub)]
    if rng.random() < 0.5:
        stages += [("in_transit", other), ("departed", other)]
    stages += [("customs", target), ("customs_cleared", target), ("in_transit", target), ("out_for_delivery", target)]
    if rng.random() < 0.35:
        stages += [("exception", target), ("out_for_delivery", target)]
    return [*stages, ("delivered", target)]


def _events(number: str, stages: Sequence[tuple[str, Place]], rng: np.random.Generator) -> Iterator[Event]:
    time = START + timedelta(minutes=int(rng.integers(0, 200_000)))
    for place_in_line, (status, place) in enumerate(stages):
        reason = REASONS[int(rng.integers(0, len(REASONS)))] if status == "exception" else None
        yield Event(f"{number}/{place_in_line:02d}", status, place, time, reason, place_in_line == len(stages) - 1)
        time += timedelta(minutes=int(rng.integers(60, 2000)))
