"""Explains answers: the library's explanations over what is served."""

from __future__ import annotations

import copy
import time
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from fuserank.errors import RequestError
from fuserank.explain import Shop, explain
from fuserank.messages import ExplainedProduct, ExplainRequest, ExplainResponse
from fuserank.ranker import Ranker
from fuserank.serving.service import RankingService
from fuserank.serving.stock import Stock
from fuserank.serving.understanding import as_query
from fuserank.slates import Features
from fuserank.types import Product

SMALL = "small:"  # names the small picture of a row, where the library asks for pictures by hash


def explain_answer(service: RankingService, request: ExplainRequest, arrived: float | None = None) -> ExplainResponse:
    """Why products stand where they stand among their rivals.

    Args:
        arrived: when it came (`time.perf_counter`); None: now.

    Raises:
        RequestError: the catalogue holds none of the products.
        MediaError: the picture or the sound cannot be used.
    """
    started, stock = arrived or time.perf_counter(), service.stock
    asked = list(dict.fromkeys(request.product_ids))
    known = [product_id for product_id in asked if product_id in stock.catalogue]
    if not known:
        raise RequestError(
            f"none of the {len(asked)} products is in the catalogue", allowed="ids of its products", todo="correct product_ids"
        )
    rivals = [product_id for product_id in dict.fromkeys(request.rivals) if product_id in stock.catalogue]
    rows = stock.catalogue.rows(list(dict.fromkeys([*known, *rivals])))
    plan = service.merchandising.plan(request.query)
    understood = service.scorer.understood(plan.query, stock)
    features = Features(service.modalities, stock.catalogue, understood.features)
    slate = features.slate(0, rows)
    ranker = _on_processor(service.package.ranker)
    found = explain(
        ranker,
        _projected(ranker, features, rows),
        features,
        slate,
        only=range(len(known)),
        families=service.families,
        parts=request.parts,
        closely=len(known),
        shop=_shop(stock, request),
    )
    products = [
        ExplainedProduct.model_validate(
            _said(asdict(product)) | {"rules": plan.concerning(product.product_id, understood.features.texts[0], stock)},
            strict=False,
        )
        for product in found.products
    ]
    return ExplainResponse(
        model_version=service.version,
        words=understood.features.texts[0],
        products=products,
        unknown_ids=[product_id for product_id in asked if product_id not in stock.catalogue],
        degraded=understood.degraded,
        notes=[*plan.notes, *found.notes],
        rules_version=plan.version,
        took_ms=round(1000 * (time.perf_counter() - started), 3),
    )


def _on_processor(ranker: Ranker) -> Ranker:
    """The ranker, or a copy where it is on a GPU: there the rows that nobody touches would take memory."""
    return ranker if next(ranker.parameters()).device.type == "cpu" else copy.deepcopy(ranker).cpu()


@torch.inference_mode()
def _projected(ranker: Ranker, features: Features, rows: np.ndarray) -> Tensor:
    """As `project_catalogue` gives it, for some rows alone; all others are zeros that take no memory, for nobody touches them."""
    mine = ranker.project_products(features.product_vectors(rows)).half()
    projected = torch.from_numpy(np.zeros((len(features.catalogue), *mine.shape[1:]), np.float16))
    projected[rows] = mine
    return projected


def _said(product: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in product.items() if name in ExplainedProduct.model_fields}


def _shop(stock: Stock, request: ExplainRequest) -> Shop:
    """Products and pictures as the library asks for them; pictures of products are the small ones."""
    query, media = as_query(request.query)

    def product(product_id: str) -> Product:
        row = int(stock.catalogue.rows([product_id])[0])
        return Product(product_id, "", image=f"{SMALL}{row}" if row in stock.pictures else None)

    def read_bytes(name: str) -> bytes:
        if name.startswith(SMALL):
            return stock.pictures[int(name.removeprefix(SMALL))] or b""
        return media[name]

    return Shop(product, read_bytes, query)
