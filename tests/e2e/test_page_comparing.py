"""In the browser: champion beside challenger, what moved, and why a product stands where it stands."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from tests.e2e.browsing import expect, ids, sent, until

BARS = """rows => rows.map((row) => {
    const [axis, bar] = [row.querySelector(".axis"), row.querySelector("i")];
    const [whole, part] = [axis.getBoundingClientRect(), bar.getBoundingClientRect()];
    const zero = whole.left + (whole.width * parseFloat(getComputedStyle(axis).getPropertyValue("--zero"))) / 100;
    const value = row.querySelector(".value").textContent;
    return { value, long: part.width, left: part.right <= zero + 0.6, right: part.left >= zero - 0.6 };
})"""


@pytest.fixture
def both(search):
    page = search("red mug", "&model=both")
    page.wait_for_selector('.card[data-column="1"]')
    return page


def test_two_models_answer_side_by_side(search, site):
    page = search("red mug")
    asked = []
    page.on("request", lambda request: asked.append(request.post_data_json) if request.url.endswith("/v1/search") else None)
    page.click('#views [data-value="both"]')
    page.wait_for_selector('.card[data-column="1"]')
    assert [body["model"] for body in asked] == ["champion", "challenger"]
    heads = page.locator(".column header").all_text_contents()
    versions = [model.version for model in site.deployment.health().models]
    assert [version in head for version, head in zip(versions, heads, strict=True)] == [True, True]
    assert "model=both" in page.url


def test_what_moved_is_said(both):
    page, (before, after) = both, (ids(both, 0), ids(both, 1))
    assert before != after
    for rank, product in enumerate(after):
        move = page.locator(f'.card[data-column="1"][data-id="{product}"] .move')
        by = before.index(product) - rank if product in before else None
        kind = "entered" if by is None else "up" if by > 0 else "down" if by < 0 else "same"
        assert move.get_attribute("data-kind") == kind
        if by:
            expect(move).to_contain_text(f"{kind} {abs(by)} place")
    left = page.locator('.card[data-column="0"] .move').count()
    common = [product for product in before if product in after]
    facts = {fact: page.locator(f'[data-fact="{fact}"] dd').text_content() for fact in ("kendall", "shared", "entered", "left")}
    tau = kendalltau(range(len(common)), [after.index(product) for product in common]).statistic
    assert facts == {
        "kendall": f"{tau:.2f}".replace("-", "−"),
        "shared": str(len(common)),
        "entered": str(len(after) - len(common)),
        "left": str(left),
    }
    assert page.locator(".links path").count() == len(common)


def test_arrows_cross_columns_and_a_grade_shows_in_both(both):
    page = both
    common = next(product for product in ids(page, 0) if product in ids(page, 1))
    page.locator(f'.card[data-column="0"][data-id="{common}"]').press("2")
    expect(page.locator(f'.card[data-id="{common}"][data-grade="2"]')).to_have_count(2)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.column") == "1"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.column") == "0"
    expect(page.locator(".measure")).to_have_count(2)


def test_bars_are_the_shares_of_families(visit):
    page = visit(evidence=True)
    page.fill("#text", "red mug")
    with page.expect_response("**/v1/explain") as explained:
        page.press("#text", "Enter")
    answer = explained.value.json()
    page.wait_for_selector(".share")
    assert explained.value.request.post_data_json["product_ids"] == ids(page)
    shares = [share for product in answer["products"] for share in product["families"].values()]
    assert min(shares) < 0 < max(shares)
    one = answer["products"][0]
    rows = page.locator(f'.card[data-id="{one["product_id"]}"] .share')
    drawn = rows.evaluate_all(BARS)
    assert len(drawn) == len(one["families"]) >= 2
    for bar, share in zip(drawn, one["families"].values(), strict=True):
        assert float(bar["value"].replace("−", "-")) == pytest.approx(share, abs=0.00501)
        assert bar["left"] if share < 0 else bar["right"]
    largest = int(np.argmax(np.abs(list(one["families"].values()))))
    assert drawn[largest]["long"] == max(bar["long"] for bar in drawn)
    page.click("#evidence")
    expect(page.locator(".card .share")).to_have_count(0)


def test_a_product_opens_with_modalities_words_and_heat(search, site):
    page = search("red mug")
    card = page.locator(".card:has(img)").first
    product_id = card.get_attribute("data-id")
    asked, answer = sent_part(page, "query_words", card.locator(".why").click)
    panel, one = page.locator("#product"), answer["products"][0]
    assert asked["product_ids"] == [product_id] and asked["query"] == {"text": "red mug"}
    expect(panel.locator(".word b")).to_have_text([word["word"] for word in one["query_words"]])
    expect(panel.locator(".sum")).to_contain_text(f"{one['base']:.2f}".replace("-", "−"))
    panel.locator("summary").click()
    expect(panel.locator("details .share")).to_have_count(len(one["modalities"]))
    description = next(p.description for p in site.shop.dataset.products if p.product_id == product_id)
    expect(panel.locator(".about")).to_have_text(description)
    _, answer = sent_part(page, "product_heat", lambda: page.click('[data-part="product_heat"]'))
    heat = answer["products"][0]["product_heat"]
    until(page, "document.querySelector('#product .map')?.naturalWidth > 0")
    expect(panel.locator("figcaption")).to_contain_text("Nothing" if heat["empty"] else f"{heat['covered']:.0%}")
    page.click('[data-part="product_heat"]')
    expect(panel.locator(".map")).to_have_count(0)


def sent_part(page, part, act):
    """The request and the answer of the explanation with a part."""
    with page.expect_response(
        lambda r: r.url.endswith("/v1/explain") and part in (r.request.post_data_json or {})["parts"]
    ) as answered:
        act()
    assert answered.value.status == 200, answered.value.text()
    return answered.value.request.post_data_json, answered.value.json()


def test_the_shoppers_own_picture_has_a_map_too(visit, site, tmp_path):
    page = visit()
    image = next(q.image for q in site.shop.dataset.queries if q.image)
    (tmp_path / "asked.png").write_bytes(site.shop.dataset.media.get(image))
    page.set_input_files("#file", tmp_path / "asked.png")
    page.locator(".card:has(img)").first.press("Enter")
    sent_part(page, "query_heat", lambda: page.click('[data-part="query_heat"]'))
    until(page, "document.querySelector('#product .map')?.naturalWidth > 0")


def test_a_products_picture_becomes_the_query(search):
    page = search("red mug")
    page.locator(".card:has(img)").first.press("Enter")
    asked, _ = sent(page, "/v1/search", page.locator("#product button >> text=Search with this picture").click)
    assert set(asked["query"]) == {"image"}
