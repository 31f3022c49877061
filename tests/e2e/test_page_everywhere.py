"""The page in two languages and themes, on every width, behind a token, with storage that is broken, with and without feedback."""

import json

import pytest

from fuserank.messages import UbiEvent
from fuserank.serving.http import TokenGate, create_app
from tests.e2e.browsing import expect, ids, serving, until


def test_language_and_theme_follow_the_browser_and_are_remembered(visit):
    page = visit(locale="zh-CN", color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".box .main span")).to_have_text("搜索")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#language")
    page.click("#theme")
    expect(root).to_have_attribute("lang", "en")
    expect(root).to_have_attribute("data-theme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    expect(page.locator(".box .main span")).to_have_text("Search")
    expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("more", ["", "&model=both"])
def test_nothing_sticks_out(search, more):
    page = search("red mug", more, evidence=True)
    page.wait_for_selector(".share", state="attached")
    for width in (360, 600, 768, 1100, 1340, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width


def test_the_token_is_asked_for_once_and_sent_with_everything(visit, site):
    gated = TokenGate(create_app(lambda: site.deployment), "secret")
    address, stop = serving(gated)

    def proxy(route):  # adds the token to the static files, as a gateway before the service would
        path = route.request.url.removeprefix(address)
        headers = {"authorization": "Bearer secret"} if path == "/" or path.startswith(("/page/", "/?")) else {}
        route.continue_(headers={**route.request.headers, **headers})

    try:
        page = visit("/?q=mug", address=address, route=proxy, refusals=True)
        page.fill("#token-value", "wrong")
        page.press("#token-value", "Enter")
        expect(page.locator("#token-wrong")).to_be_visible()
        page.fill("#token-value", "secret")
        page.press("#token-value", "Enter")
        until(page, "[...document.querySelectorAll('.card img')].slice(0, 2).every((image) => image.naturalWidth > 0)")
        page.reload()
        page.wait_for_selector(".card")
        assert not page.locator("#token").is_visible()
    finally:
        stop()


def test_storage_that_is_broken_or_full_stops_nothing(search):
    page = search("red mug")
    page.evaluate(
        """localStorage.setItem("fuserank.grades", '[{"query": 7}, {"query": "red mug", "grades": [["a", 9], 3]}, null]')"""
    )
    page.reload()
    page.wait_for_selector(".card")
    assert page.locator(".graded").count() == 0
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }")
    page.locator(".card").first.press("2")
    expect(page.locator("#import-said")).to_contain_text("keeps nothing")
    expect(page.locator(".graded button")).to_have_text("red mug")


def test_feedback_goes_only_where_it_is_taken(search, site):
    """Silence where the route is missing; where it is there, what was shown and what was opened."""
    told = []

    def watch(route):
        if route.request.url.endswith("/v1/feedback"):
            told.extend(json.loads(route.request.post_data)["events"])
            route.fulfill(json={"accepted": 1, "dropped": 0})
        elif route.request.url.endswith("/openapi.json"):
            route.fulfill(json={"paths": {"/v1/feedback": {}} if taking else {}})
        else:
            route.continue_()

    taking = False
    search("red mug", route=watch).locator(".card .title").first.click()
    assert told == []
    taking = True
    page = search("red mug", route=watch)
    shown = ids(page)
    page.locator(".card .title").first.click()
    until(page, "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('/v1/feedback')).length === 2")
    events = [UbiEvent.model_validate_json(json.dumps(event)) for event in told]
    assert [event.event_attributes.object.object_id for event in events] == [*shown, shown[0]]
    assert [event.action_name for event in events] == [*["impression"] * len(shown), "click"]
    assert [event.event_attributes.position.ordinal for event in events] == [*range(1, len(shown) + 1), 1]
