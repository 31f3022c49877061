"""A real server with two models, and a real browser that is watched: nothing may leave the origin, nothing may go wrong unseen."""

import os
import shutil
from dataclasses import replace

import pytest
import torch

from fuserank.calibration import Calibration
from fuserank.inference_log import InferenceLog
from fuserank.serving import Deployment, Lineup, RankingService, open_package
from fuserank.serving.http import create_app
from fuserank.settings import load_settings
from tests.e2e.browsing import EVIL, WAIT_MS, Site, Watch, serving
from tests.served_shops import open_shop, sample_store

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]


USUAL = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", "reduced_motion": "reduce"}
NO_EVIDENCE = "try { localStorage.setItem('fuserank.evidence', 'false') } catch {}"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    threads, root = torch.get_num_threads(), tmp_path_factory.mktemp("page")
    store = sample_store(root)
    products = store.dataset.products
    evil = next(p for p in products if p.image and "mug" in p.title)
    shown = [replace(p, title=EVIL) if p is evil else p for p in products]
    calibration = Calibration(method="temperature", values={"slope": (0.8,)}, queries=1, pairs=2, relevant=1)
    families, services = load_settings().evaluation.families, []
    for seed, name in enumerate(("champion", "challenger")):
        (root / name).mkdir()
        shop = open_shop(store, root / name, seed=seed, shaken=0.03 * (seed + 1), calibration=calibration, shown=shown)
        services.append(RankingService(open_package(shop.package), store.features.modalities, families))
    champion, challenger = services
    log = InferenceLog(root / "log")
    deployment = Deployment(Lineup(champion, challenger, mode="shadow", share=0.0), log=log)
    address, stop = serving(create_app(lambda: deployment, patience_ms=1000 * WAIT_MS))
    yield Site(address, shop, evil.product_id, deployment)
    stop()
    log.close()
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def chromium():
    """Where Debian's Chromium is. Without it the tests are skipped, or they fail where TESTS_NEED_CHROMIUM is set."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("TESTS_NEED_CHROMIUM"):
        pytest.fail("chromium is not installed: apt-get install chromium")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def browser(chromium, site, tmp_path_factory):
    """One for each module: Playwright holds an event loop in this thread, which other tests must not meet."""
    from playwright.sync_api import sync_playwright

    spoken = tmp_path_factory.mktemp("spoken") / "spoken.wav"
    queries = site.shop.dataset.queries
    spoken.write_bytes(site.shop.dataset.media.get(next(q.audio for q in queries if q.audio)))
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={spoken}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, site):
    """Opens the page in a context of its own; when the test ends, what the page did is checked."""
    opened = []

    def open_page(path="/", *, refusals=False, evidence=False, address=site.address, route=None, **options):
        context = browser.new_context(**{**USUAL, **options})
        context.set_default_timeout(WAIT_MS)
        watch = Watch(refusals_expected=refusals)
        context.on("request", lambda request: watch.asked.append(request.url))
        page = context.new_page()
        if not evidence:  # which takes longer than all the rest
            page.add_init_script(NO_EVIDENCE)
        if route:
            page.route("**/*", route)
        page.on("console", lambda said: said.type in ("error", "warning") and watch.complaints.append(said.text))
        page.on("pageerror", lambda error: watch.complaints.append(f"script: {error}"))
        opened.append((context, watch, address))
        page.goto(address + path)
        return page

    yield open_page
    for context, watch, address in opened:
        context.close()
        assert [url for url in watch.asked if not url.startswith((address, "blob:", "data:"))] == []
        serious = [
            said for said in watch.complaints if not (watch.refusals_expected and said.startswith("Failed to load resource"))
        ]
        assert serious == []


@pytest.fixture
def search(visit):
    """Opens the page with a search in its address, and waits for the answer."""

    def search_for(words, more="", **options):
        page = visit(f"/?q={words}{more}", **options)
        page.wait_for_selector(".card")
        return page

    return search_for
