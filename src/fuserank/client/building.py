"""From plain keywords to messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

from pydantic import ValidationError

from fuserank.errors import RequestError
from fuserank.messages import Filters, Message, ShopperQuery

M = TypeVar("M", bound=Message)
Media = Path | bytes


class Asking(TypedDict, total=False):
    """Further parts of a query, beside its words; see `fuserank.messages.ShopperQuery`."""

    image: Media
    audio: Media
    user_id: str
    locale: str


class Ranking(Asking, total=False):
    """What may be said of a ranking request; see `fuserank.messages.RankRequest`."""

    k: int
    deadline_ms: float
    session_id: str
    model: Literal["champion", "challenger"]


class Searching(Ranking, total=False):
    """What may be said of a search; see `fuserank.messages.SearchRequest`."""

    depth: int
    filters: Filters


def asking(query: str | ShopperQuery, options: dict[str, Any]) -> ShopperQuery:
    """The query, of words or whole; its parts are taken out of `options`.

    Raises:
        RequestError: the query is empty or too long, a file cannot be read, or a whole query comes with further parts.
    """
    parts = {name: options.pop(name) for name in Asking.__annotations__ if name in options}
    if isinstance(query, ShopperQuery):
        if parts:
            raise RequestError(
                f"a whole query and beside it {', '.join(parts)}", allowed="words with parts, or a whole query", todo="say it once"
            )
        return query
    return message(ShopperQuery, **({"text": query} if query else {}), **{name: _content(value) for name, value in parts.items()})


def message(kind: type[M], **fields: Any) -> M:
    """A message of these fields.

    Raises:
        RequestError: a field is wrong; the first one is named.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or kind.__name__
        wrong = first["msg"].removeprefix("Value error, ")
        allowed = f"the fields of fuserank.messages.{kind.__name__}"
        raise RequestError(f"{where}: {wrong}", allowed=allowed, todo="correct the request") from None


def _content(value: Any) -> Any:
    """The bytes of a file; anything else as it is."""
    if not isinstance(value, Path):
        return value
    try:
        return value.read_bytes()
    except OSError as error:
        raise RequestError(
            f"{value} cannot be read: {error.strerror}", allowed="a file, or bytes", todo="correct the path"
        ) from None
