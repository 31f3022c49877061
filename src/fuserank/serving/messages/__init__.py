"""What is asked and what is answered, as JSON: a file for each kind of request."""

from fuserank.serving.messages.base import MAX_TEXT, Message, ShopperQuery
from fuserank.serving.messages.explaining import ExplainedProduct, ExplainRequest, ExplainResponse, HeatMap, WordShare
from fuserank.serving.messages.feedback import FeedbackRequest, FeedbackResponse, UbiEvent
from fuserank.serving.messages.health import Health, ServedModel
from fuserank.serving.messages.products import (
    CatalogueChange,
    DeleteRequest,
    GivenProduct,
    LeftOut,
    ProductDetails,
    UpsertRequest,
)
from fuserank.serving.messages.ranking import Filters, RankedProduct, RankRequest, RankResponse, Role, SearchRequest

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
    "UbiEvent",
    "UpsertRequest",
    "WordShare",
]
