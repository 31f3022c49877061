"""Pictures: the product's photo against the shopper's."""

from __future__ import annotations

from functools import cache

import numpy as np

from fuserank.encoders.efficientnet import POOLED, EfficientNetLite0, split
from fuserank.encoders.hub_folder import HubFolder
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, cosines
from fuserank.types import Product, Query

efficientnet = cache(EfficientNetLite0)


class Image:
    """Cosines of what two pictures show, and of their colours.

    Args:
        folder: fine-tuned weights of the encoder; None: those that ship.
    """

    name = "image"
    pair_names: tuple[str, ...] = ("cosine", "colour_cosine")
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = True
    pair_only = False
    compared: slice | None = slice(POOLED)

    def __init__(self, resources: Resources, folder: HubFolder | None = None) -> None:
        media = resources.media
        self.encoder: Encoder | None = efficientnet(
            resources.cache, resources.threads, media.max_image_bytes, media.max_image_pixels, folder
        )

    def product_content(self, product: Product) -> Content | None:
        """The product's picture."""
        return Content(product.image, product.image, is_media=True) if product.image else None

    def query_content(self, query: Query) -> Content | None:
        """The query's picture."""
        return Content(query.image, query.image, is_media=True) if query.image else None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Cosines of the pooled parts and of the colour parts: float32 (n, 2)."""
        return np.stack([cosines(q, p) for q, p in zip(split(query), split(products), strict=True)], axis=1)
