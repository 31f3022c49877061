"""Serving: a package folder answers ranking and search requests with the code that trained the model."""

from fuserank.serving.messages import RankedProduct, RankRequest, RankResponse, SearchRequest, ShopperQuery
from fuserank.serving.package import Package, build_package, open_package
from fuserank.serving.service import RankingService, load

__all__ = [
    "Package",
    "RankRequest",
    "RankResponse",
    "RankedProduct",
    "RankingService",
    "SearchRequest",
    "ShopperQuery",
    "build_package",
    "load",
    "open_package",
]
