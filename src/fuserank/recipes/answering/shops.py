"""Who ranks for an application: a service in this process, or one over HTTP."""

from __future__ import annotations

from typing import Protocol

from fuserank.messages import ExplainRequest, ExplainResponse, ProductDetails, RankRequest, RankResponse, SearchRequest
from fuserank.serving import RankingService, explain_answer


class Shop(Protocol):
    """What applications ask of a service."""

    def search(self, request: SearchRequest) -> RankResponse:
        """The best of the whole catalogue."""

    def rank(self, request: RankRequest) -> RankResponse:
        """Given candidates in order."""

    def explain(self, request: ExplainRequest) -> ExplainResponse:
        """Why products stand where they stand."""

    def product(self, product_id: str) -> ProductDetails:
        """The row of a product."""


class LoadedShop:
    """A service in this process."""

    def __init__(self, service: RankingService) -> None:
        self._service = service

    def search(self, request: SearchRequest) -> RankResponse:
        """As of the service."""
        return self._service.search(request)

    def rank(self, request: RankRequest) -> RankResponse:
        """As of the service."""
        return self._service.rank(request)

    def explain(self, request: ExplainRequest) -> ExplainResponse:
        """As of `fuserank.serving.explain_answer`."""
        return explain_answer(self._service, request)

    def product(self, product_id: str) -> ProductDetails:
        """The row that the service has of a product."""
        stock = self._service.stock
        return ProductDetails.model_validate(stock.details(stock.catalogue.rows([product_id]))[0])
