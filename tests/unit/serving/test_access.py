"""Who may ask: by token in exact form, or, without one, programs of this machine under a name of this machine."""

import asyncio

import pytest

from fuserank.serving.http.access import TokenGate

TOKEN = "s3cret-token"
LOCAL = ("127.0.0.1", 51000)


def ask(token, headers=(), *, client=LOCAL, server=("127.0.0.1", 3000), kind="http"):
    """(was it let in, what was sent) for one connection."""
    let_in, sent = [], []

    async def app(scope, receive, send):
        let_in.append(scope["type"])

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": kind, "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]}
    if kind != "lifespan":
        scope |= {"client": client, "server": server, "method": "GET", "path": "/"}
    asyncio.run(TokenGate(app, token)(scope, receive, send))
    return bool(let_in), sent


def may(*args, **kwargs):
    return ask(*args, **kwargs)[0]


@pytest.mark.parametrize("value", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER  {TOKEN} "])
@pytest.mark.parametrize("client", [LOCAL, ("203.0.113.9", 4), None])
def test_the_token_opens_from_anywhere_under_any_name(value, client):
    assert may(TOKEN, [("authorization", value), ("host", "shop.example")], client=client, server=None)


@pytest.mark.parametrize(
    "value",
    [None, "", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}",
     f"Bearer {TOKEN} {TOKEN}",
     f"Bearer\t{TOKEN}", f"Bearer {TOKEN}é", f"Token {TOKEN}"],
)  # fmt: skip
def test_with_a_token_nothing_else_does_not_even_from_here(value):
    headers = [("host", "localhost")] + ([("authorization", value)] if value is not None else [])
    let_in, sent = ask(TOKEN, headers)
    assert not let_in
    assert sent[0]["status"] == 401
    assert dict(sent[0]["headers"])[b"www-authenticate"] == b"Bearer"
    assert TOKEN.encode() not in sent[1]["body"]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:3000", "127.8.9.10", "[::1]", "[::1]:3000"]
)
@pytest.mark.parametrize("ends", [(LOCAL, ("127.0.0.1", 3000)), (("::1", 51000, 0, 0), ("::1", 3000, 0, 0))])
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_programs_here_may(host, ends, token):
    assert may(token, [("host", host)], client=ends[0], server=ends[1])


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io:3000", "evil.example:3000",
     "",     "192.168.1.5", "0.0.0.0", "[2001:db8::1]", "2130706433", "127.1", "local host", "@localhost"],
)  # fmt: skip
def test_a_page_of_another_site_that_rebinds_its_name_may_not(host):
    assert not may(None, [("host", host)])


def test_without_a_host_nobody_may():
    assert not may(None)


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "192.168.1.5", "2001:db8::1", "::", "0.0.0.0", "", "unix:", "::ffff:203.0.113.9"]
)
def test_without_a_token_neither_end_may_be_elsewhere(address):
    host = [("host", "localhost")]
    assert not may(None, host, client=(address, 1))
    assert not may(None, host, server=(address, 3000))


@pytest.mark.parametrize("ends", [{"client": None}, {"server": None}, {"client": None, "server": None}])
def test_without_a_token_an_end_that_is_unknown_is_not_here(ends):
    assert not may(None, [("host", "localhost")], **ends)


@pytest.mark.parametrize(("token", "headers"), [(TOKEN, []), (None, [("host", "evil.example")])])
def test_a_websocket_is_closed_with_the_code_for_policy(token, headers):
    let_in, sent = ask(token, headers, kind="websocket")
    assert not let_in
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_websocket_with_the_token_goes_on():
    assert may(TOKEN, [("authorization", f"Bearer {TOKEN}")], kind="websocket")


def test_starting_and_ending_need_no_token():
    assert may(TOKEN, kind="lifespan")


@pytest.mark.parametrize("hosts", [["shop.example", "localhost"], ["localhost", "localhost"], []])
def test_without_a_token_a_request_names_one_host(hosts):
    assert not may(None, [("host", host) for host in hosts], server=("127.0.0.1", 3000))
