"""The client against small services that behave well and badly, over real connections."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fuserank.client import Client
from fuserank.client.connection import retry_after
from fuserank.errors import AccessError, InputError, RequestError, UnavailableError
from fuserank.messages import (
    MAX_TEXT,
    CatalogueChange,
    DeleteRequest,
    FeedbackRequest,
    FeedbackResponse,
    Filters,
    GivenProduct,
    RankRequest,
    SearchRequest,
    ShopperQuery,
    UbiAttributes,
    UbiEvent,
    UbiObject,
    UbiPosition,
    UpsertRequest,
)
from tests.asgi_server import served

HEALTH = {"status": "ok", "models": [], "problems": [], "log_lost": 0}
REFUSAL = {"error": "no", "allowed": "yes", "todo": "ask again"}


def click():
    return UbiEvent(
        action_name="click",
        query_id="r1",
        timestamp=datetime(2026, 1, 31, 12, tzinfo=UTC),
        event_attributes=UbiAttributes(object=UbiObject(object_id="p1"), position=UbiPosition(ordinal=1)),
    )


class Scripted:
    """Answers requests by a list of (status, headers, body), the last one for good; keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.connections = list(answers), [], set()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.asked.append((scope["method"], scope["path"], dict(scope["headers"]), body))
        self.connections.add(scope["client"])
        status, headers, answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await Response(content, status, headers)(scope, receive, send)


@pytest.fixture
def ask():
    """Asks a scripted service for its health: (what came of it, the service)."""

    def run(*answers, method="health", arguments=(), **options):
        app = Scripted(*answers)
        with served(app) as url, Client(url, **options) as client:
            try:
                return getattr(client, method)(*arguments), app
            except Exception as error:
                return error, app

    return run


# --- what is sent, and what comes back ---------------------------------------------------------------------------------------


def test_the_client_needs_no_heavy_library():
    heavy = {"torch", "numpy", "pandas", "pyarrow", "onnxruntime", "fastapi", "transformers", "PIL"}
    code = f"import fuserank.client, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def shop():
    """A service with a catalogue in memory, speaking the messages: (client, catalogue, events)."""
    catalogue, events = {"old": "an old mug"}, []

    def answer(message):
        return Response(message.model_dump_json(), media_type="application/json")

    async def feedback(request):
        taken = FeedbackRequest.model_validate_json(await request.body()).events
        events.extend(taken)
        return answer(FeedbackResponse(accepted=len(taken), dropped=0))

    async def upsert(request):
        products = UpsertRequest.model_validate_json(await request.body()).products
        catalogue.update({product.product_id: product for product in products})
        return answer(CatalogueChange(changed=len(products), unknown_ids=[], left_out=[], products=len(catalogue)))

    async def delete(request):
        ids = DeleteRequest.model_validate_json(await request.body()).product_ids
        unknown = [product_id for product_id in ids if catalogue.pop(product_id, None) is None]
        return answer(CatalogueChange(changed=len(ids) - len(unknown), unknown_ids=unknown, left_out=[], products=len(catalogue)))

    routes = [
        Route("/v1/feedback", feedback, methods=["POST"]),
        Route("/v1/products", upsert, methods=["PUT"]),
        Route("/v1/products/delete", delete, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as url, Client(url) as client:
        yield client, catalogue, events


def test_products_are_put_and_deleted(shop):
    client, catalogue, _ = shop
    new = GivenProduct(product_id="new", title="马克杯", price=4.5, image=bytes(range(256)))
    assert client.upsert([new]) == CatalogueChange(changed=1, unknown_ids=[], left_out=[], products=2)
    assert catalogue["new"] == new
    gone = client.delete(product_id for product_id in ("old", "ghost"))
    assert (gone.changed, gone.unknown_ids, gone.products) == (1, ["ghost"], 1)


def test_events_arrive_as_they_were(shop):
    client, _, events = shop
    event = click()
    assert client.feedback([event]) == FeedbackResponse(accepted=1, dropped=0)
    assert events == [event]


queries = st.builds(
    ShopperQuery,
    text=st.text(min_size=1, max_size=MAX_TEXT).filter(str.strip),
    image=st.none() | st.binary(min_size=1),
    locale=st.just("zh"),
)
candidates = st.lists(
    st.text(min_size=1, max_size=9) | st.builds(GivenProduct, product_id=st.just("p"), title=st.text(max_size=9)),
    min_size=1,
    max_size=3,
)


@given(request=st.builds(RankRequest, query=queries, candidates=candidates, k=st.integers(1, 100)))
def test_a_message_says_the_same_after_its_way_over_json(request):
    assert RankRequest.model_validate_json(request.model_dump_json(exclude_unset=True)) == request


def test_only_what_was_said_is_sent(ask):
    _, app = ask((200, {}, {}), method="search", arguments=("red mug",))
    assert json.loads(app.asked[0][3]) == {"query": {"text": "red mug"}}
    assert app.asked[0][:2] == ("POST", "/v1/search")
    assert app.asked[0][2][b"content-type"] == b"application/json"


def test_every_keyword_has_its_place(tmp_path):
    app = Scripted((422, {}, REFUSAL))
    (tmp_path / "sound").write_bytes(b"RIFF")
    with served(app) as url, Client(url) as client, pytest.raises(RequestError):
        client.search(
            "mug",
            audio=tmp_path / "sound",
            user_id="u",
            locale="en",
            k=3,
            depth=7,
            deadline_ms=50.0,
            session_id="s",
            model="champion",
            filters=Filters(brands=["Halden"]),
        )
    assert SearchRequest.model_validate_json(app.asked[0][3]) == SearchRequest(
        query=ShopperQuery(text="mug", audio=b"RIFF", user_id="u", locale="en"),
        k=3,
        depth=7,
        deadline_ms=50.0,
        session_id="s",
        model="champion",
        filters=Filters(brands=["Halden"]),
    )


@pytest.mark.parametrize(
    ("method", "arguments", "options", "words"),
    [
        ("search", (), {}, "an empty query"),
        ("search", ("x" * (MAX_TEXT + 1),), {}, "text: "),
        ("search", ("mug",), {"k": 0}, "k: "),
        ("search", ("mug",), {"colour": "red"}, "colour: Extra"),
        ("rank", ("mug", []), {}, "candidates: "),
        ("rank", (ShopperQuery(text="mug"), ["p"]), {"user_id": "u"}, "beside it user_id"),
        ("explain", ("mug", []), {}, "product_ids: "),
        ("upsert", ([GivenProduct(product_id="p", title="t")] * 2,), {}, "more than once"),
        ("feedback", ([],), {}, "events: "),
    ],
)
def test_a_wrong_request_is_refused_before_it_is_sent(method, arguments, options, words):
    with Client("http://127.0.0.1:1", retries=0) as client, pytest.raises(RequestError, match=words) as caught:
        getattr(client, method)(*arguments, **options)
    assert caught.value.allowed and caught.value.todo


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with Client() as client, pytest.raises(RequestError, match=r"photo\.jpg cannot be read"):
        client.search(image=tmp_path / "photo.jpg")


@pytest.mark.parametrize("url", ["", "localhost", "ftp://host", "http://", "http://host:port"])
def test_a_wrong_url_is_refused(url):
    with pytest.raises(InputError, match="url"):
        Client(url)


# --- connections -------------------------------------------------------------------------------------------------------------


def test_connections_are_reused_and_the_token_is_sent():
    app = Scripted((200, {}, HEALTH))
    with served(app) as url, Client(url, token="secret") as client:
        for _ in range(3):
            assert client.health().status == "ok"
    assert len(app.connections) == 1
    assert {headers[b"authorization"] for _, _, headers, _ in app.asked} == {b"Bearer secret"}


def test_a_service_below_a_path_is_found():
    app = Scripted((200, {}, HEALTH))
    with served(app) as url, Client(f"{url}/shop/") as client:
        client.health()
    assert app.asked[0][1] == "/shop/v1/health"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again(ask, status):
    health, app = ask((status, {}, REFUSAL), (200, {}, HEALTH))
    assert health.status == "ok"
    assert len(app.asked) == 2


def test_after_the_last_try_the_error_says_what_the_service_said(ask):
    error, app = ask((503, {}, REFUSAL))
    assert isinstance(error, UnavailableError)
    assert (error.came, error.allowed, error.todo, error.retry_after) == ("no (503)", "yes", "ask again", None)
    assert len(app.asked) == 3
    _, app = ask((503, {}, REFUSAL), retries=0)
    assert len(app.asked) == 1


def test_retry_after_is_kept_and_a_long_one_is_not_waited_for(ask):
    started = time.monotonic()
    health, _ = ask((503, {"Retry-After": "1"}, REFUSAL), (200, {}, HEALTH))
    assert health.status == "ok"
    assert time.monotonic() - started >= 1
    error, app = ask((503, {"Retry-After": "3600"}, REFUSAL))
    assert (error.retry_after, len(app.asked)) == (3600, 1)


def test_retry_after_is_read_as_a_number_or_a_date():
    def said(value):
        return retry_after(httpx.Response(503, headers={b"Retry-After": value.encode()}))

    assert said("7") == 7
    assert said("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    in_an_hour = format_datetime(datetime.fromtimestamp(datetime.now(UTC).timestamp() + 3600, UTC), usegmt=True)
    assert said(in_an_hour) == pytest.approx(3600, abs=60)
    assert [said(value) for value in ("", "-1", "soon", "²")] == [None] * 4


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, AccessError),
        (404, RequestError),
        (413, RequestError),
        (422, RequestError),
        (500, UnavailableError),
    ],
)
def test_what_is_refused_is_not_asked_again(ask, status, kind):
    error, app = ask((status, {}, REFUSAL))
    assert type(error).__mro__.index(kind) <= 1
    assert error.todo == "ask again"
    assert len(app.asked) == 1


@pytest.mark.parametrize("answer", [(404, {}, b"<html>"), (422, {}, ["no"]), (302, {"Location": "http://127.0.0.1:1"}, b"")])
def test_another_server_is_told_from_a_service(ask, answer):
    for method, arguments in (("health", ()), ("picture", ("p",))):
        error, _ = ask(answer, method=method, arguments=arguments)
        assert isinstance(error, UnavailableError)
        assert "not in the words of a fuserank service" in str(error)


def test_an_answer_of_another_form_is_named_and_a_newer_one_is_read(ask):
    error, _ = ask((200, {}, {"status": "ok"}))
    assert isinstance(error, UnavailableError)
    assert "no Health: models: Field required" in str(error)
    health, _ = ask((200, {}, HEALTH | {"uptime": 3}))
    assert health.status == "ok"


def test_a_picture_that_is_not_there_is_none(ask):
    assert ask((404, {}, REFUSAL), method="picture", arguments=("p",))[0] is None
    assert ask((200, {}, b"\xff\xd8\xff"), method="picture", arguments=("a b&c",))[0] == b"\xff\xd8\xff"


class Dropping:
    """A server that reads a request and hangs up, so often; then it answers as `Scripted` would."""

    def __init__(self, times):
        self.left, self.asked = times, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                self.asked += 1
                if self.left:
                    self.left -= 1
                    continue
                body = json.dumps(HEALTH).encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@pytest.fixture
def dropping():
    opened = []

    def make(times):
        opened.append(Dropping(times))
        return opened[-1]

    yield make
    for server in opened:
        server.socket.shutdown(socket.SHUT_RDWR)
        server.socket.close()


def test_a_broken_connection_is_tried_again_but_events_are_never_told_twice(dropping):
    server = dropping(1)
    with Client(server.url) as client:
        assert client.health().status == "ok"
    assert server.asked == 2
    server = dropping(9)
    with Client(server.url) as client, pytest.raises(UnavailableError, match="no answer"):
        client.feedback([click()])
    assert server.asked == 1


def test_a_service_that_is_not_there_is_said():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Client(url) as client, pytest.raises(UnavailableError, match="no answer") as caught:
        client.health()
    assert "fuserank serve" in caught.value.todo


def test_a_slow_service_is_not_asked_again():
    asked = []

    async def slow(request):
        asked.append(request.url.path)
        await asyncio.sleep(0.5)
        return JSONResponse(HEALTH)

    served_slowly = served(Starlette(routes=[Route("/v1/health", slow)]))
    with served_slowly as url, Client(url, timeout=0.1) as client, pytest.raises(UnavailableError, match="no answer in time"):
        client.health()
    assert asked == ["/v1/health"]
