"""What is asked and what is answered, as JSON: a file for each kind of request."""

from fuserank.messages.base import MAX_TEXT, Message, ShopperQuery
from fuserank.messages.explaining import ExplainedProduct, ExplainRequest, ExplainResponse, HeatMap, WordShare
from fuserank.messages.feedback import FeedbackRequest, FeedbackResponse, UbiAttributes, UbiEvent, UbiObject, UbiPosition
from fuserank.messages.health import Health, ServedModel
from fuserank.messages.products import (
    CatalogueChange,
    DeleteRequest,
    GivenProduct,
    LeftOut,
    ProductDetails,
    UpsertRequest,
)
from fuserank.messages.ranking import Filters, RankedProduct, RankRequest, RankResponse, Role, SearchRequest

__all__ = [
    "MAX_TEXT",
    "CatalogueChange",
    "DeleteRequest",
    "ExplainRequest",
    "ExplainResponse",
    "ExplainedProduct",
    "FeedbackRequest",
    "FeedbackResponse",
    "Filters",
    "GivenProduct",
    "Health",
    "HeatMap",
    "LeftOut",
    "Message",
    "ProductDetails",
    "RankRequest",
    "RankResponse",
    "RankedProduct",
    "Role",
    "SearchRequest",
    "ServedModel",
    "ShopperQuery",
    "UbiAttributes",
    "UbiEvent",
    "UbiObject",
    "UbiPosition",
    "UpsertRequest",
    "WordShare",
]
