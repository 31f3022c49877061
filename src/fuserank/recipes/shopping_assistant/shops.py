"""Who ranks for an assistant: a service in this process, or one over HTTP."""

from __future__ import annotations

from fuserank.messages import ExplainRequest, ExplainResponse, ProductDetails, RankResponse, SearchRequest
from fuserank.serving import RankingService, explain_answer


class LoadedShop:
    """A service in this process."""

    def __init__(self, service: RankingService) -> None:
        self._service = service

    def search(self, request: SearchRequest) -> RankResponse:
        """As of the service."""
        return self._service.search(request)

    def explain(self, request: ExplainRequest) -> ExplainResponse:
        """As of the service."""
        return explain_answer(self._service, request)

    def product(self, product_id: str) -> ProductDetails:
        """The row that the service has of a product."""
        stock = self._service.stock
        return ProductDetails.model_validate(stock.details(stock.catalogue.rows([product_id]))[0])
