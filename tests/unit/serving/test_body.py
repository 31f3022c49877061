"""Bodies at the door: as large as they may be and no larger, in their time, and in one piece for whoever reads them."""

import asyncio
import json

import pytest

from fuserank.serving.http.body import BodyCap

CAP = 100


def send_through(chunks, *, headers=(), seconds=5.0, pause=0.0, kind="http"):
    """(bodies the app read, messages sent, chunks taken) of a request whose body comes in `chunks`; None: the caller leaves."""
    read, sent, left = [], [], list(chunks)

    async def app(scope, receive, send):
        message = await receive()
        read.append(message.get("body"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        await asyncio.sleep(pause)
        if not left:
            await asyncio.sleep(60)
        chunk = left.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "headers": [(n.encode(), v.encode()) for n, v in headers]}
    asyncio.run(BodyCap(app, CAP, seconds)(scope, receive, send))
    return read, sent, len(chunks) - len(left)


def status(sent):
    return sent[0]["status"]


@pytest.mark.parametrize("chunks", [[b""], [b"x" * CAP], [b"x"] * CAP, [b"a" * 60, b"b" * 40], [b"", b"a", b""]])
def test_what_fits_comes_in_one_piece(chunks):
    read, sent, _ = send_through(chunks)
    assert read == [b"".join(chunks)]
    assert status(sent) == 200


@pytest.mark.parametrize("chunks", [[b"x" * (CAP + 1)], [b"x" * 60, b"x" * 60], [b"x"] * (CAP + 1)])
def test_one_byte_too_many_is_413(chunks):
    read, sent, _ = send_through(chunks)
    assert read == []
    assert status(sent) == 413
    assert set(json.loads(sent[1]["body"])) == {"error", "allowed", "todo"}


def test_a_large_body_says_how_long_it_is(monkeypatch):
    monkeypatch.setattr("fuserank.serving.http.body.UNSTATED", 10)
    read, sent, taken = send_through([b"x" * 6] * 10)
    assert read == [] and status(sent) == 413 and taken == 2
    assert b"Content-Length" in sent[1]["body"]
    read, sent, _ = send_through([b"x" * 6] * 10, headers=[("content-length", "60")])
    assert read == [b"x" * 60] and status(sent) == 200


def test_an_endless_body_is_read_no_further_than_the_cap():
    _, sent, taken = send_through([b"x" * 50] * 1000)
    assert status(sent) == 413
    assert taken == 3


@pytest.mark.parametrize("stated", ["101", "99999999999999999999"])
def test_a_stated_length_over_the_cap_is_refused_unread(stated):
    _, sent, taken = send_through([b"x"] * 200, headers=[("content-length", stated)])
    assert (status(sent), taken) == (413, 0)


@pytest.mark.parametrize("stated", ["-1", "ten", "", "1e9"])
def test_a_stated_length_that_is_none_does_not_help(stated):
    assert status(send_through([b"x" * 50] * 3, headers=[("content-length", stated)])[1]) == 413


def test_the_connection_is_not_said_to_close():
    """The server would cut it on a caller who still sends, and the answer would be lost on its way."""
    _, sent, _ = send_through([b"x" * (CAP + 1)])
    assert b"connection" not in dict(sent[0]["headers"])


def test_a_body_that_dribbles_is_408():
    read, sent, _ = send_through([b"x"] * 50, seconds=0.1, pause=0.02)
    assert read == []
    assert status(sent) == 408


def test_a_body_that_stops_half_way_is_408():
    read, sent, _ = send_through([b"x", b"y"], seconds=0.1, pause=0.06)
    assert read == []
    assert status(sent) == 408


def test_a_caller_who_goes_away_gets_nothing():
    assert send_through([b"x", None, b"y"])[:2] == ([], [])


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_has_no_body_passes(kind):
    assert send_through([b"x" * 1000], kind=kind)[0] == [b"x" * 1000]
