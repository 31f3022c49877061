"""What a service serves: a champion, perhaps a challenger on some of the traffic, a log, and changes of the catalogue.

release ─► following ─► lineup ─► who answers? ─► champion | challenger | both, interleaved ─► answer
                                                 └► shadow (after the answer) ─► log
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from fuserank.errors import RequestError
from fuserank.inference_log import InferenceLog
from fuserank.inference_log.records import Route
from fuserank.messages import (
    CatalogueChange,
    DeleteRequest,
    ExplainRequest,
    ExplainResponse,
    FeedbackRequest,
    FeedbackResponse,
    Health,
    LeftOut,
    ProductDetails,
    RankRequest,
    RankResponse,
    Role,
    SearchRequest,
    ServedModel,
    UpsertRequest,
)
from fuserank.serving.answered import Answered
from fuserank.serving.explaining import explain_answer
from fuserank.serving.interleaving import team_draft
from fuserank.serving.merchandising import Merchandising
from fuserank.serving.metrics import METRICS
from fuserank.serving.observing import Observer, Request, event_records, observer
from fuserank.serving.service import RankingService
from fuserank.serving.stock import Stock
from fuserank.serving.updates import Change, Updates

log = logging.getLogger(__name__)
WAITING_SHADOWS = 8  # answers that may wait for the shadow; more are not shadowed

Mode = Literal["all", "shadow", "canary", "interleave"]
Ask = Callable[[RankingService, Role, float], Answered]


@dataclass(frozen=True)
class Lineup:
    """Who answers, as of one release.

    Attributes:
        mode, share: of the challenger; as in `fuserank.serving.release.Challenger`.
    """

    champion: RankingService
    challenger: RankingService | None = None
    mode: Mode = "all"
    share: float = 1.0


class Deployment:
    """Answers requests by the lineup of the moment; safe to call from many threads.

    Args:
        lineup: to begin with; a release that is followed replaces it.
        observe: told of each answer, the shadow's included; neither waits nor raises. None: the log is told.
        log: of answers and feedback; None: nothing is kept.
        updates: changes of the catalogue; None: it cannot be changed.
        merchandising: that the services share; its problem is one of health.
    """

    def __init__(
        self,
        lineup: Lineup,
        observe: Observer | None = None,
        *,
        log: InferenceLog | None = None,
        updates: Updates | None = None,
        merchandising: Merchandising | None = None,
    ) -> None:
        self.lineup = lineup
        self.problems: tuple[str, ...] = ()
        self._merchandising = merchandising
        self._log, self._updates = log, updates
        self._observe: Observer = observe or (observer(log.put) if log is not None else lambda *_: None)
        self._shadow = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._shadows = threading.BoundedSemaphore(WAITING_SHADOWS)

    def rank(self, request: RankRequest, arrived: float) -> RankResponse:
        """Order given candidates; see `RankingService.ranked`."""
        return self._answer("rank", request, arrived, lambda service, role, since: service.ranked(request, since, role))

    def search(self, request: SearchRequest, arrived: float) -> RankResponse:
        """Find and order; see `RankingService.searched`."""
        return self._answer("search", request, arrived, lambda service, role, since: service.searched(request, since, role))

    def explain(self, request: ExplainRequest, arrived: float) -> ExplainResponse:
        """Why products stand where they stand; see `explain_answer`."""
        return explain_answer(self._named(self.lineup, request.model or "champion"), request, arrived)

    def feedback(self, request: FeedbackRequest, arrived: float) -> FeedbackResponse:  # noqa: ARG002
        """Put what shoppers did into the log; where none is kept, all of it is dropped."""
        if self._log is None:
            return FeedbackResponse(accepted=0, dropped=len(request.events))
        taken = [self._log.put(record) for record in event_records(request.events)]
        return FeedbackResponse(accepted=taken.count(True), dropped=taken.count(False))

    def upsert(self, request: UpsertRequest, arrived: float) -> CatalogueChange:  # noqa: ARG002
        """Add or change products, durably.

        Raises:
            RequestError: this service's catalogue cannot be changed.
        """
        left_out = self._change(Change(upsert=request))
        return self._changed(len(request.products), [], left_out)

    def delete(self, request: DeleteRequest, arrived: float) -> CatalogueChange:  # noqa: ARG002
        """Remove products, durably; raises like `upsert`."""
        asked, catalogue = list(dict.fromkeys(request.product_ids)), self.lineup.champion.stock.catalogue
        unknown = [product_id for product_id in asked if product_id not in catalogue]
        self._change(Change(delete=request))
        return self._changed(len(asked) - len(unknown), unknown, [])

    def catch_up(self) -> None:
        """Apply changes of the catalogue that other workers took."""
        if self._updates is not None:
            for service in self._serving():
                self._updates.catch_up(service)

    def details(self, product_id: str) -> ProductDetails:
        """A product of the champion's stock.

        Raises:
            RequestError: there is no such product.
        """
        stock, row = self._row(product_id)
        return ProductDetails.model_validate(stock.details(np.array([row]))[0])

    def picture(self, product_id: str) -> bytes | None:
        """The small picture of a product, JPEG, PNG or WebP; None where it has none; raises like `details`."""
        stock, row = self._row(product_id)
        return stock.pictures[row]

    def health(self) -> Health:
        """Of this worker."""
        lineup = self.lineup
        models = [self._model(lineup.champion, "champion", "all", 1.0)]
        if lineup.challenger is not None:
            models.append(self._model(lineup.challenger, "challenger", lineup.mode, lineup.share))
        wrong = self._merchandising.problem if self._merchandising is not None else None
        problems = [*self.problems, *([wrong] if wrong else [])]
        status: Literal["ok", "degraded"] = "degraded" if problems else "ok"
        return Health(status=status, models=models, problems=problems, log_lost=self._lost())

    def _lost(self) -> int:
        """Records that the log dropped or could not write."""
        return 0 if self._log is None else self._log.dropped + self._log.lost

    def _change(self, change: Change) -> list[LeftOut]:
        if self._updates is None:
            raise RequestError("this catalogue cannot be changed", todo="serve with the setting serving.updates")
        return self._updates.take(change, self._serving())

    def _changed(self, changed: int, unknown: list[str], left_out: list[LeftOut]) -> CatalogueChange:
        products = self.lineup.champion.stock.count
        return CatalogueChange(changed=changed, unknown_ids=unknown, left_out=left_out, products=products)

    def _serving(self) -> list[RankingService]:
        lineup = self.lineup
        return [service for service in (lineup.champion, lineup.challenger) if service is not None]

    def _answer(self, route: Route, request: Request, arrived: float, ask: Ask) -> RankResponse:
        lineup = self.lineup
        takes_part = lineup.challenger is not None and _draw(request) < lineup.share
        if request.model is not None:
            answered = ask(self._named(lineup, request.model), request.model, arrived)
        elif takes_part and lineup.mode == "canary":
            answered = ask(self._named(lineup, "challenger"), "challenger", arrived)
        elif takes_part and lineup.mode == "interleave":
            answered = self._interleaved(lineup, request, arrived, ask)
        else:
            answered = ask(lineup.champion, "champion", arrived)
            if takes_part and lineup.mode == "shadow":
                self._cast_shadow(route, request, lineup, ask, answered.response.request_id)
        METRICS.left_out(answered.response.degraded)
        METRICS.log_lost.set(self._lost())
        self._observe(route, answered.response.role, request, answered)
        return answered.response

    def _interleaved(self, lineup: Lineup, request: Request, arrived: float, ask: Ask) -> Answered:
        """Both orders as one list; what the list says of a product is what the team says that picked it."""
        first = ask(lineup.champion, "champion", arrived)
        second = ask(self._named(lineup, "challenger"), "challenger", arrived)
        lines = {
            team: {line.product_id: line for line in answered.response.results}
            for team, answered in (("champion", first), ("challenger", second))
        }
        drafted = team_draft(list(lines["champion"]), list(lines["challenger"]), request.k, first.response.request_id)
        results = [
            lines[team][product_id].model_copy(update={"rank": rank}) for rank, (product_id, team) in enumerate(drafted, start=1)
        ]
        response = first.response.model_copy(
            update={
                "role": "interleaved",
                "model_version": f"{first.response.model_version}+{second.response.model_version}",
                "results": results,
                "degraded": list(dict.fromkeys([*first.response.degraded, *second.response.degraded])),
                "rules": list(dict.fromkeys([*first.response.rules, *second.response.rules])),
                "took_ms": second.response.took_ms,
            }
        )
        return replace(first, response=response, teams=tuple(team for _, team in drafted))

    def _cast_shadow(self, route: Route, request: Request, lineup: Lineup, ask: Ask, request_id: str) -> None:
        """The challenger's answer, after and beside the champion's; shoppers never wait for it or see it.

        Its deadline counts from its own beginning: that it waited for the champion and for other shadows does not make it slow.
        """
        if not self._shadows.acquire(blocking=False):
            return

        def cast() -> None:
            try:
                answered = ask(self._named(lineup, "challenger"), "challenger", time.perf_counter())
                response = answered.response.model_copy(update={"request_id": request_id})
                self._observe(route, "shadow", request, replace(answered, response=response))
            except Exception:
                log.exception("the shadow failed")
            finally:
                self._shadows.release()

        self._shadow.submit(cast)

    def _named(self, lineup: Lineup, role: Literal["champion", "challenger"]) -> RankingService:
        service = lineup.champion if role == "champion" else lineup.challenger
        if service is None:
            raise RequestError("no challenger is served", allowed="model: champion or null", todo="release a challenger first")
        return service

    def _row(self, product_id: str) -> tuple[Stock, int]:
        stock = self.lineup.champion.stock
        if product_id not in stock.catalogue:
            raise RequestError("no such product", allowed=f"ids of the {len(stock.catalogue)} products", todo="correct product_id")
        return stock, int(stock.catalogue.rows([product_id])[0])

    @staticmethod
    def _model(service: RankingService, role: Literal["champion", "challenger"], mode: Mode, share: float) -> ServedModel:
        names = [modality.name for modality in service.modalities]
        return ServedModel(
            version=service.version, role=role, mode=mode, share=share, products=service.stock.count, modalities=names
        )


def _draw(request: Request) -> float:
    """Where a shopper stands in [0, 1): always at the same place; a request of nobody anywhere."""
    who = request.query.user_id or request.session_id
    digest = hashlib.sha256(who.encode()).digest() if who else os.urandom(8)
    return int.from_bytes(digest[:8]) / 2**64
