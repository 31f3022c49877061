"""HTTP/1.1 by hand: one connection, so that a load costs little and a fault can send what no library would."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """Attributes: seconds: from the first byte sent to the last one read. headers: names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def json(self) -> dict:
        """The body."""
        return json.loads(self.body)


def head(method: str, path: str, **headers: str) -> bytes:
    """A request up to its body; `Content_Length="3"` for Content-Length: 3."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {HOST}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: bytes | dict, method: str = "POST", **headers: str) -> bytes:
    """A whole request with JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(method, path, Content_Type="application/json", Content_Length=str(len(data)), **headers) + data


class Connection:
    """One kept alive. Every method may raise OSError, EOFError or ValueError when the other side goes away or talks no HTTP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to loopback."""
        return cls(*await asyncio.open_connection(HOST, port, limit=2**22))

    @property
    def local_port(self) -> int:
        """Of this end."""
        return self.writer.get_extra_info("sockname")[1]

    @property
    def is_closed(self) -> bool:
        """By the other side."""
        return self.reader.at_eof()

    async def ask(self, raw: bytes) -> Answer:
        """Send a request and read its answer."""
        started = time.perf_counter()
        self.writer.write(raw)
        return await self.answer(started)

    async def answer(self, started: float) -> Answer:
        """Read an answer."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        body = await self._body(headers)
        return Answer(int(lines[0].split(" ")[1]), headers, body, time.perf_counter() - started)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
            return body
        return await self.reader.readexactly(int(headers.get("content-length", 0)))

    def close(self) -> None:
        """Cut it."""
        self.writer.transport.abort()


async def ask(port: int, raw: bytes, seconds: float = 30.0) -> Answer:
    """One request on a connection of its own."""
    connection = await asyncio.wait_for(Connection.open(port), seconds)
    try:
        return await asyncio.wait_for(connection.ask(raw), seconds)
    finally:
        connection.close()
