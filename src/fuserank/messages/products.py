"""Products that come with a request: candidates that the catalogue does not hold, and changes of the catalogue."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fuserank.messages.base import MediaBytes, Message, ProductId

MAX_PRODUCTS = 100  # of one change of the catalogue
MAX_LINE, MAX_DESCRIPTION = 1024, 20_000
LARGEST = 10**12  # price or popularity; validation of the grown dataset allows no more

Line = Annotated[str, Field(max_length=MAX_LINE)]


class GivenProduct(Message):
    """A product with its content."""

    product_id: ProductId
    title: Line
    description: str = Field("", max_length=MAX_DESCRIPTION)
    category: Line = ""
    brand: Line = ""
    price: float | None = Field(None, ge=0, le=LARGEST, description="in the shop's currency")
    rating: float | None = Field(None, ge=0, le=5)
    popularity: float | None = Field(None, ge=0, le=LARGEST, description="count of sales or views")
    locale: str = Field("", max_length=35)
    image: MediaBytes | None = Field(None, description="JPEG, PNG or WebP, base64")
    audio: MediaBytes | None = Field(None, description="WAV or FLAC, base64")


class UpsertRequest(Message):
    """Products that are new or changed."""

    products: list[GivenProduct] = Field(min_length=1, max_length=MAX_PRODUCTS)

    @model_validator(mode="after")
    def _each_once(self) -> UpsertRequest:
        if len({product.product_id for product in self.products}) < len(self.products):
            raise ValueError("a product stands more than once; send each once")
        return self


class DeleteRequest(Message):
    """Products that are no longer sold."""

    product_ids: list[ProductId] = Field(min_length=1, max_length=MAX_PRODUCTS)


class LeftOut(Message):
    """Media of a product that cannot be used; the product is there without it."""

    product_id: str
    reason: str


class CatalogueChange(Message):
    """What a change of the catalogue did. It is kept on disk before this is sent, and every worker follows within seconds."""

    changed: int = Field(description="products that are new, changed or gone")
    unknown_ids: list[str] = Field(description="products to delete that the catalogue does not hold")
    left_out: list[LeftOut]
    products: int = Field(description="products in the catalogue now")


class ProductDetails(Message):
    """A product as answers show it."""

    product_id: str
    title: str
    description: str
    category: str
    brand: str
    price: float | None
    locale: str
    has_picture: bool
