"""What all messages share, and what a shopper asks. Pictures and sounds come as bytes; no address is ever fetched."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

MAX_TEXT = 512


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64 (RFC 4648, without line breaks)") from None


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


MediaBytes = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(_encode, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
ProductId = Annotated[str, Field(min_length=1, max_length=256)]
OpaqueId = Annotated[str, Field(min_length=1, max_length=256)]


class Message(BaseModel):
    """Strict JSON: unknown fields, other types, NaN and infinity are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ShopperQuery(Message):
    """What a shopper asks: at least one of text, image, audio, user_id."""

    text: str = Field("", max_length=MAX_TEXT)
    image: MediaBytes | None = Field(None, description="JPEG, PNG or WebP, base64")
    audio: MediaBytes | None = Field(None, description="WAV or FLAC, base64")
    user_id: OpaqueId | None = Field(None, description="whose history counts")
    locale: str = Field("", max_length=35)

    @model_validator(mode="after")
    def _asks_something(self) -> ShopperQuery:
        if not (self.text.strip() or self.image or self.audio or self.user_id):
            raise ValueError("an empty query; give at least one of text, image, audio, user_id")
        return self
