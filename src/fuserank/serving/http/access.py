"""Who may ask: whoever has the token; without a token, programs on this machine alone."""

from __future__ import annotations

import hmac
import ipaddress

from fuserank.serving.http.answers import refusal
from fuserank.serving.http.body import App, Message, Receive, Send


class TokenGate:
    """ASGI middleware before every route, health and metrics included.

    With a token every request must bring it (`Authorization: Bearer …`), and it is compared in constant time. Without one only
    connections from loopback to loopback are served, and only under a name of this machine, so that no page of another site can
    reach the service through a browser here.

    Args:
        token: the secret; None or "": none.
    """

    def __init__(self, app: App, token: str | None) -> None:
        self._app, self._token = app, (token or "").strip().encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan" or self._may(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            todo = "send Authorization: Bearer <token>" if self._token else "set FUSERANK_TOKEN for the service, and send it"
            answer = refusal(401, "no valid token", "the service's bearer token", todo, WWW_Authenticate="Bearer")
            await answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _may(self, scope: Message) -> bool:
        headers = dict(scope["headers"])
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if self._token:
            kind, _, given = headers.get(b"authorization", b"").partition(b" ")
            return hmac.compare_digest(given.strip(), self._token) and kind.lower() == b"bearer"
        ends = scope.get("client"), scope.get("server")
        if not all(end is not None and _is_loopback(end[0]) for end in ends):
            return False
        return len(hosts) == 1 and _is_local(hosts[0].decode("latin-1"))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine: localhost or an address of loopback, with or without a port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name == "localhost" or _is_loopback(name)
