"""A shop for conversations: products of a table, ranked by how many words of the query they have."""

from __future__ import annotations

from dataclasses import dataclass, field

from fuserank.messages import (
    ExplainedProduct,
    ExplainRequest,
    ExplainResponse,
    ProductDetails,
    RankedProduct,
    RankRequest,
    RankResponse,
    SearchRequest,
)


def row(product_id, title, price=None, description="", category="", locale="en"):
    return ProductDetails(
        product_id=product_id,
        title=title,
        description=description,
        category=category,
        brand="",
        price=price,
        locale=locale,
        has_picture=False,
    )


def explained(product_id, **families):
    return ExplainedProduct(
        product_id=product_id,
        rank=1,
        score=sum(families.values()),
        base=0.0,
        modalities={},
        families=families,
        attention=None,
        query_words=None,
        product_heat=None,
        query_heat=None,
    )


@dataclass
class TalkingShop:
    """`heard` is what it understands of any recording; `scores` are of products whatever is asked, where given."""

    rows: list[ProductDetails]
    heard: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def search(self, request: SearchRequest) -> RankResponse:
        self.asked.append(request)
        bounds = request.filters
        passing = [
            row
            for row in self.rows
            if bounds is None
            or (
                (bounds.max_price is None or (row.price is not None and row.price <= bounds.max_price))
                and (bounds.min_price is None or (row.price is not None and row.price >= bounds.min_price))
                and (bounds.locales is None or row.locale in bounds.locales)
            )
        ]
        text = self.heard if request.query.audio else request.query.text
        return self._answer(text, [(row.product_id, row.title, row.category, row.price) for row in passing], request.k)

    def rank(self, request: RankRequest) -> RankResponse:
        self.asked.append(request)
        given = [(one.product_id, f"{one.title} {one.description}", one.category, one.price) for one in request.candidates]
        return self._answer(request.query.text, given, request.k)

    def explain(self, request: ExplainRequest) -> ExplainResponse:
        products = [explained(product_id, text=3.0, picture=1.0, numbers=-2.0) for product_id in request.product_ids]
        return ExplainResponse(
            model_version="m", words=request.query.text, products=products, unknown_ids=[], degraded=[], notes=[], took_ms=0.0
        )

    def product(self, product_id: str) -> ProductDetails:
        return next(row for row in self.rows if row.product_id == product_id)

    def _answer(self, text, given, k):
        def score(product_id, title):
            return self.scores.get(product_id, float(sum(word in title.casefold() for word in text.casefold().split())))

        best = sorted(((score(i, title), i, title, category, price) for i, title, category, price in given), key=lambda x: -x[0])[
            :k
        ]
        results = [
            RankedProduct(
                product_id=i,
                rank=rank,
                score=value,
                probability=None,
                title=title,
                brand="",
                category=category,
                price=price,
                has_picture=False,
            )
            for rank, (value, i, title, category, price) in enumerate(best, start=1)
        ]
        return RankResponse(
            request_id="r",
            model_version="m",
            role="champion",
            words=text,
            results=results,
            candidates=len(given),
            unknown_ids=[],
            degraded=[],
            notes=[],
            took_ms=0.0,
        )
