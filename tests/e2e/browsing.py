"""Driving the page: a served site, a watched browser page, and what tests ask of it again and again."""

import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from fuserank.serving import Deployment
from tests.served_shops import Shop

EVIL = '<img src=x onerror="window.broken=1"> & <b>bold</b>'  # title of a product
WAIT_MS = 60_000  # a busy machine is no failure


@dataclass
class Site:
    """A served page.

    Attributes:
        address: of the server.
        shop: of the champion.
        evil_id: the product whose title is EVIL.
    """

    address: str
    shop: Shop
    evil_id: str
    deployment: Deployment


@dataclass
class Watch:
    """What a page did: addresses asked for, and what its console and its scripts complained of."""

    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    refusals_expected: bool = False


def serving(app):
    """Serve an app on a free port of this machine: (address, stop)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)

    def stop():
        server.should_exit = True
        thread.join(20)

    return f"http://127.0.0.1:{port}", stop


def ids(page, column=0):
    """Product ids of the shown cards."""
    return page.locator(f'.card[data-column="{column}"]').evaluate_all("cards => cards.map((card) => card.dataset.id)")


def sent(page, path, act):
    """The JSON of the request to a path that an act leads to, and its answer."""
    with page.expect_response(lambda response: response.url.endswith(path)) as answered:
        act()
    return answered.value.request.post_data_json, answered.value.json()


def asked(page, path, act):
    """The JSON of the request to a path that an act leads to; its answer may be gone when the act leaves the page."""
    with page.expect_request(lambda request: request.url.endswith(path)) as sent:
        act()
    return sent.value.post_data_json


def downloaded(page, act, folder: Path) -> str:
    """The text of the file that an act downloads."""
    with page.expect_download() as download:
        act()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target.read_bytes().decode()


def until(page, expression):
    """Wait for a JavaScript expression to hold. Playwright's own way evaluates text inside the page, which its policy forbids."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def expect(locator):
    """Playwright's assertions, which wait."""
    from playwright.sync_api import expect as playwright_expect

    return playwright_expect(locator, "on the page")
