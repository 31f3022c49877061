"""The client: a method for each address of the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar, Unpack

from pydantic import ValidationError

from fuserank.client.building import Asking, Ranking, Searching, asking, message
from fuserank.client.connection import Connection, MissingError
from fuserank.errors import UnavailableError
from fuserank.messages import (
    CatalogueChange,
    DeleteRequest,
    ExplainRequest,
    ExplainResponse,
    FeedbackRequest,
    FeedbackResponse,
    GivenProduct,
    Health,
    Message,
    ProductDetails,
    RankRequest,
    RankResponse,
    SearchRequest,
    ShopperQuery,
    UbiEvent,
    UpsertRequest,
)

Answer = TypeVar("Answer", bound=Message)


class Client:
    """Asks a running service; safe to use from many threads, and closed by `with`.

        with Client() as client:
            answer = client.search("striped red mug", k=3)

    Every method raises

        RequestError      the request cannot be answered as it stands; found here, or by the service
        AccessError       the service wants another token
        UnavailableError  there is no service, or it cannot answer now; `retry_after` says when it may

    Args:
        url: where the service is.
        token: what it was started with in FUSERANK_TOKEN; None: none.
        timeout: seconds for each of connecting, sending and receiving.
        retries: further tries where a connection fails or the service is too busy, 0.1 s to 5 s later or when it says so.

    Raises:
        InputError: the url is none of HTTP.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:3000", *, token: str | None = None, timeout: float = 10.0, retries: int = 2
    ) -> None:
        self._connection = Connection(url, token, timeout, retries)

    def __enter__(self) -> Client:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def rank(self, query: str | ShopperQuery, candidates: Iterable[str | GivenProduct], **options: Unpack[Ranking]) -> RankResponse:
        """Order given candidates.

        Args:
            query: words, "" where a picture, a sound or a shopper asks alone, or a whole query.
            candidates: ids of the catalogue's products, or products with their content, in the order of the first phase.
            options: image and audio (bytes, or a file), user_id, locale; k, deadline_ms, session_id, model.
        """
        said: dict[str, Any] = {**options}
        request = message(RankRequest, query=asking(query, said), candidates=list(candidates), **said)
        return self._send("POST", "/v1/rank", request, RankResponse)

    def search(self, query: str | ShopperQuery = "", **options: Unpack[Searching]) -> RankResponse:
        """Find products in the whole catalogue, best first.

        Args:
            query: as of `rank`.
            options: as of `rank`; depth, filters.
        """
        said: dict[str, Any] = {**options}
        request = message(SearchRequest, query=asking(query, said), **said)
        return self._send("POST", "/v1/search", request, RankResponse)

    def explain(
        self,
        query: str | ShopperQuery,
        product_ids: Iterable[str],
        *,
        rivals: Iterable[str] = (),
        parts: Iterable[Literal["query_words", "product_heat", "query_heat"]] = (),
        model: Literal["champion", "challenger"] | None = None,
        **options: Unpack[Asking],
    ) -> ExplainResponse:
        """Why products stand where they stand.

        Args:
            query: as of `rank`.
            product_ids: whose scores are explained.
            rivals: further products of the answer they stood in.
            parts: more than shares of modalities.
            model: who answers.
            options: image and audio (bytes, or a file), user_id, locale.
        """
        said: dict[str, Any] = {**options}
        request = message(
            ExplainRequest,
            query=asking(query, said),
            product_ids=list(product_ids),
            rivals=list(rivals),
            parts=list(parts),
            model=model,
            **said,
        )
        return self._send("POST", "/v1/explain", request, ExplainResponse)

    def feedback(self, events: Iterable[UbiEvent]) -> FeedbackResponse:
        """Tell what shoppers did with answers. Never sent again once the service may have it: an event would count twice."""
        request = message(FeedbackRequest, events=list(events))
        return self._send("POST", "/v1/feedback", request, FeedbackResponse, counts=True)

    def upsert(self, products: Iterable[GivenProduct]) -> CatalogueChange:
        """Put products that are new or changed into the catalogue, each whole."""
        return self._send("PUT", "/v1/products", message(UpsertRequest, products=list(products)), CatalogueChange)

    def delete(self, product_ids: Iterable[str]) -> CatalogueChange:
        """Take products out of the catalogue."""
        request = message(DeleteRequest, product_ids=list(product_ids))
        return self._send("POST", "/v1/products/delete", request, CatalogueChange)

    def product(self, product_id: str) -> ProductDetails:
        """A product as answers show it."""
        return _read(self._connection.ask("GET", "/v1/product", params={"product_id": product_id}).content, ProductDetails)

    def picture(self, product_id: str) -> bytes | None:
        """The small picture of a product, JPEG, PNG or WebP; None where it has none."""
        try:
            return self._connection.ask("GET", "/v1/picture", params={"product_id": product_id}).content
        except MissingError:
            return None

    def health(self) -> Health:
        """How the worker is that answers."""
        return _read(self._connection.ask("GET", "/v1/health").content, Health)

    def _send(self, method: str, path: str, request: Message, gives: type[Answer], *, counts: bool = False) -> Answer:
        body = request.model_dump_json(exclude_unset=True)
        headers = {"Content-Type": "application/json"}
        return _read(self._connection.ask(method, path, counts=counts, content=body, headers=headers).content, gives)


def _read(body: bytes, gives: type[Answer]) -> Answer:
    """An answer; fields of a newer service are read past."""
    try:
        return gives.model_validate_json(body, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise UnavailableError(
            f"the answer is no {gives.__name__}: {where}: {first['msg']}",
            allowed="a service of this version",
            todo="correct the url, or install the service's version of fuserank",
        ) from None
