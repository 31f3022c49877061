"""The page in a browser: asked by words, picture and voice, filtered; refusals and empty answers are said; markup stays text."""

import base64
import io
import re

import soundfile

from tests.e2e.browsing import EVIL, asked, expect, ids, sent, until


def test_words_give_products_with_pictures(visit, site):
    page = visit()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("red mug")
    asked, answer = sent(page, "/v1/search", lambda: page.keyboard.press("Enter"))
    assert asked["query"] == {"text": "red mug"}
    expect(page.locator(".card")).to_have_count(10)
    assert ids(page) == [product["product_id"] for product in answer["results"]]
    until(page, "[...document.querySelectorAll('.card img')].slice(0, 3).every((image) => image.naturalWidth > 0)")
    facts = page.locator("#facts").text_content()
    assert "10 results" in facts and answer["model_version"] in facts and f"{answer['candidates']} candidates" in facts
    first, best = page.locator(".card").first, answer["results"][0]
    assert f"{best['score']:.2f}".replace("-", "−") in first.locator(".score").text_content()
    assert f"{best['probability']:.0%}" in first.locator(".probability").text_content()
    expect(page.locator("#live")).to_have_text("10 results for red mug")


def test_a_product_without_a_picture_has_a_drawing_in_its_place(search, site):
    page = search("mug", "&k=100")
    without = {p.product_id for p in site.shop.dataset.products if not p.image}
    shown = [i for i in ids(page) if i in without]
    assert shown
    for product_id in shown:
        assert page.locator(f'.card[data-id="{product_id}"] .shot.none').count() == 1


def test_a_picture_is_dropped_previewed_and_removed(visit, picture):
    page = visit()
    data = base64.b64encode(picture("red")).decode()
    drop = """(data) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "red.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer: transfer }));
        document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }"""
    asked, _ = sent(page, "/v1/search", lambda: page.evaluate(drop, data))
    assert asked["query"] == {"image": data}
    expect(page.locator('.chip[data-kind="picture"] img')).to_be_visible()
    page.fill("#text", "mug")
    asked, _ = sent(page, "/v1/search", lambda: page.press("#text", "Enter"))
    assert asked["query"] == {"text": "mug", "image": data}
    page.click('.chip[data-kind="picture"] button')
    asked, _ = sent(page, "/v1/search", lambda: page.press("#text", "Enter"))
    assert asked["query"] == {"text": "mug"}


def test_what_the_service_takes_not_is_drawn_anew_and_what_is_no_picture_is_refused(visit, picture, tmp_path):
    page = visit()
    (tmp_path / "red.gif").write_bytes(picture("red", size=(2000, 1000), kind="GIF"))
    asked, _ = sent(page, "/v1/search", lambda: page.set_input_files("#file", tmp_path / "red.gif"))
    assert base64.b64decode(asked["query"]["image"]).startswith(b"\xff\xd8\xff")  # JPEG
    (tmp_path / "not.png").write_bytes(b"hello")
    page.set_input_files("#file", tmp_path / "not.png")
    expect(page.locator("#trouble")).to_have_text("This file cannot be read as a picture.")


def test_the_microphone_gives_a_wav(visit):
    page = visit()
    page.click("#speak")
    expect(page.locator("#seconds")).to_have_text(re.compile(r"^[1-9]"))
    asked, answer = sent(page, "/v1/search", lambda: page.click("#speak"))
    file = soundfile.SoundFile(io.BytesIO(base64.b64decode(asked["query"]["audio"])))
    assert (file.format, file.subtype, file.samplerate, file.channels) == ("WAV", "PCM_16", 16_000, 1)
    assert 1 <= file.frames / 16_000 <= 10
    assert abs(file.read()).max() > 0.01
    expect(page.locator('.chip[data-kind="sound"]')).to_be_visible()
    heard = page.locator(".remarks .heard")
    assert (heard.text_content() if heard.count() else "") == (f"heard: “{answer['words']}”" if answer["words"] else "")


def test_a_recording_is_cancelled_with_escape(visit):
    page = visit()
    page.click("#speak")
    expect(page.locator("#seconds")).to_have_text(re.compile(r"\d"))
    page.keyboard.press("Escape")
    expect(page.locator("#listening")).to_be_hidden()
    expect(page.locator(".chip")).to_have_count(0)


def test_filters_are_sent_counted_and_kept_in_the_address(search, site):
    page = search("mug")
    page.fill("#min", "5")
    sent(page, "/v1/search", lambda: page.press("#min", "Tab"))
    page.fill("#max", "12")
    sent(page, "/v1/search", lambda: page.press("#max", "Tab"))
    page.fill("#category-new", "Kitchen")
    first, answer = sent(page, "/v1/search", lambda: page.press("#category-new", "Enter"))
    assert first["filters"] == {"min_price": 5, "max_price": 12, "categories": ["Kitchen"]}
    assert all(5 <= product["price"] <= 12 and product["category"] == "Kitchen" for product in answer["results"])
    expect(page.locator("#tune .count")).to_have_text("3")
    brands = page.locator("#brand-seen option").evaluate_all("options => options.map((option) => option.value)")
    assert set(brands) >= {product["brand"] for product in answer["results"] if product["brand"]}
    page.select_option("#k", "5")
    until(page, "document.querySelectorAll('.card').length <= 5")
    assert "min=5" in page.url and "category=Kitchen" in page.url and "k=5" in page.url
    again = asked(page, "/v1/search", page.reload)
    assert again["filters"] == {"min_price": 5, "max_price": 12, "categories": ["Kitchen"]} and again["k"] == 5
    assert "filters" not in asked(page, "/v1/search", lambda: page.click("#unfilter"))
    page.fill("#min", "99")
    page.fill("#max", "1")
    page.press("#max", "Tab")
    expect(page.locator("#trouble")).to_have_text("The lowest price is above the highest.")


def test_a_shopper_alone_is_a_query(visit, site):
    page = visit()
    who = next(q.user_id for q in site.shop.dataset.queries if q.user_id)
    page.fill("#shopper", who)
    asked, _ = sent(page, "/v1/search", lambda: page.click(".box .main"))
    assert asked["query"] == {"user_id": who}


def test_nothing_found_says_so(visit):
    page = visit("/?q=mug&brand=nobody")
    expect(page.locator(".state.empty h2")).to_have_text("Nothing fits")


def test_a_refusal_is_shown_in_the_services_words(visit):
    page = visit(f"/?q={'x' * 513}", refusals=True)
    state = page.locator(".state.error")
    expect(state).to_contain_text("The service answered 422")
    expect(state).to_contain_text("query.text: String should have at most 512 characters")
    expect(state).to_contain_text("correct the request")


def test_a_service_that_is_gone_is_said_and_can_be_tried_again(search):
    page = search("mug", refusals=True)
    page.context.set_offline(True)
    page.click(".box .main")
    expect(page.locator(".state.error")).to_contain_text("The service cannot be reached")
    page.context.set_offline(False)
    page.click(".state.error button")
    expect(page.locator(".card")).to_have_count(10)


def test_markup_in_products_and_queries_stays_text(search, site):
    attack = '<img src=x onerror="window.broken=1">'
    page = search(attack, "&k=100")
    title = page.locator(f'.card[data-id="{site.evil_id}"] .title')
    expect(title).to_have_text(EVIL)
    title.click()
    expect(page.locator("#product-title")).to_have_text(EVIL)
    page.press(f'.card[data-id="{site.evil_id}"]', "3")
    expect(page.locator(".graded button")).to_have_text(attack)
    assert page.title().startswith(attack)
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src='x']").count() == 0
