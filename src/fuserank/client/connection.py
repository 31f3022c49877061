"""Requests to one service: connections that are reused, further tries where they can help, and our errors.

| what happens | is tried again |
|---|---|
| no connection | yes: nothing was sent |
| the connection breaks | yes, unless a second time would count twice |
| no answer in time | no: the work may be going on |
| 503 or 429 | yes, never before what Retry-After says; when that is too long, the error carries it |
| anything else | no |
"""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import httpx

from fuserank.errors import AccessError, FuserankError, InputError, RequestError, UnavailableError

LONGEST_WAIT = 5.0  # seconds before a further try
FIRST_WAIT = 0.1  # seconds; doubles with each try
BUSY = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError)


class MissingError(RequestError):
    """The service does not have the thing, or the address."""


KINDS: MappingProxyType[int, type[FuserankError]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: RequestError,
        HTTPStatus.UNAUTHORIZED: AccessError,
        HTTPStatus.NOT_FOUND: MissingError,
        HTTPStatus.METHOD_NOT_ALLOWED: RequestError,
        HTTPStatus.REQUEST_TIMEOUT: RequestError,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RequestError,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: RequestError,
        HTTPStatus.UNPROCESSABLE_ENTITY: RequestError,
    }
)


class Connection:
    """To one service; safe to use from many threads.

    Args:
        url: where it is, such as http://127.0.0.1:3000; a path in front of /v1 is kept.
        token: the service's; None: none is sent.
        timeout: seconds for each of connecting, sending and receiving.
        retries: how many further tries there may be.

    Raises:
        InputError: the url is none of HTTP.
    """

    def __init__(self, url: str, token: str | None, timeout: float, retries: int) -> None:
        headers = {b"Authorization": f"Bearer {token}".encode()} if token else None
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)
            good = self._http.base_url.scheme in ("http", "https") and bool(self._http.base_url.host)
        except httpx.InvalidURL:
            good = False
        if not good:
            raise InputError(f"url {url!r}", allowed="http://host:port, https://host", todo="correct the url")
        self._retries = retries

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, method: str, path: str, *, counts: bool = False, **request: Any) -> httpx.Response:
        """The answer to a request, with status 200.

        Args:
            counts: a second time would count twice, so nothing is sent again that the service may have already.
            request: as httpx takes it.

        Raises:
            RequestError: the request cannot be answered as it stands; `MissingError` for what the service does not have.
            AccessError: the service does not take the token.
            UnavailableError: there is no service, or it cannot answer now.
        """
        again = NEVER_SENT if counts else (*NEVER_SENT, *BROKEN)
        tries = 0
        while True:
            wait = min(FIRST_WAIT * 2**tries, LONGEST_WAIT) * random.uniform(0.5, 1)  # apart from others that were shed  # noqa: S311 (no secret)
            tries += 1
            try:
                response = self._http.request(method, path, **request)
            except httpx.RequestError as error:
                if tries > self._retries or not isinstance(error, again):
                    raise self._unreached(error) from error
            else:
                told = retry_after(response)
                if tries > self._retries or response.status_code not in BUSY or (told or 0) > LONGEST_WAIT:
                    return self._accepted(response, told)
                wait += told or 0
            time.sleep(wait)

    def _accepted(self, response: httpx.Response, told: float | None) -> httpx.Response:
        """The response; raises the service's own words when it is none of an answer."""
        status = response.status_code
        if status == HTTPStatus.OK:
            return response
        try:
            body = response.json()
            came, allowed, todo = (str(body[key]) for key in ("error", "allowed", "todo"))
        except (ValueError, TypeError, KeyError):
            came = f"{self._http.base_url} answers {status}, and not in the words of a fuserank service"
            raise UnavailableError(came, allowed="a running service", todo="correct the url", retry_after=told) from None
        if status in KINDS:
            raise KINDS[status](came, allowed=allowed, todo=todo)
        raise UnavailableError(f"{came} ({status})", allowed=allowed, todo=todo, retry_after=told)

    def _unreached(self, error: httpx.RequestError) -> UnavailableError:
        what = "no answer in time" if isinstance(error, httpx.TimeoutException) else f"no answer: {error}"
        return UnavailableError(
            f"{self._http.base_url}: {what}", allowed="a running service", todo="start it with fuserank serve, or correct the url"
        )


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that Retry-After says, as a number or a date (RFC 9110, 10.2.3), at least 0; None: nothing that can be read."""
    said = response.headers.get("Retry-After", "").strip()
    try:
        return float(said) if said.isdigit() else max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
