"""The public entry: shares always, parts on request, everything JSON-able; and the page made of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fuserank.errors import InputError, UnknownNameError
from fuserank.explain import PARTS, Shop, explain
from fuserank.files import write_file
from fuserank.pages import render
from fuserank.pipeline.explain import _file_name, asked, champion
from fuserank.pipeline.explanation_page import page_context
from fuserank.settings import load_settings

FAMILIES = {"text": ("text", "multilingual", "lexical"), "picture": ("image",)}


@pytest.fixture(scope="module")
def shop(tiny, pictured):
    products = {p.product_id: p for p in tiny.job.dataset.products}
    queries = {q.query_id: q for q in tiny.job.dataset.queries}
    query = queries[tiny.features.queries.query_ids[pictured[0].query]]
    return Shop(products.__getitem__, tiny.job.dataset.media.get, query)


def test_cheap_parts_by_default(tiny, trained, probe_of, worded):
    probe = probe_of(trained, worded)
    found = explain(trained, probe.projected, tiny.features, worded, top=4, families=FAMILIES)
    assert [p.rank for p in found.products] == [1, 2, 3, 4] and list(found.took_ms) == ["modalities"]
    assert [p.score for p in found.products] == sorted(probe.scores.tolist(), reverse=True)[:4]
    for product in found.products:
        assert product.base + sum(product.modalities.values()) == pytest.approx(product.score, abs=1e-3)
        assert product.base + sum(product.families.values()) == pytest.approx(product.score, abs=1e-3)
        assert product.attention.keys() == product.modalities.keys()
        assert product.fields is product.query_words is product.product_heat is None


def test_every_part_on_request_and_a_page_of_it(tiny, trained, probe_of, pictured, shop):
    probe = probe_of(trained, pictured[0])
    found = explain(
        trained, probe.projected, tiny.features, pictured[0], top=3, closely=1, parts=tuple(PARTS), families=FAMILIES, shop=shop
    )
    first, second = found.products[:2]
    assert set(found.took_ms) == {"modalities", *PARTS}
    assert first.title_words and first.fields and first.query_heat
    assert bool(first.query_words) == bool(found.words)
    assert second.query_words is second.fields is second.query_heat is None
    assert json.loads(json.dumps(found.as_dict()))["products"][0]["product_id"] == first.product_id
    products = {p.product_id: p for p in tiny.job.dataset.products}
    marked = replace(products[first.product_id], title="<script>alert(1)</script>")
    context = page_context(tiny.job, found, shop.query, {**products, first.product_id: marked}, "concat+sequence")
    html = render("explanation.html", **context)
    assert first.product_id in html and "data:image/png;base64," in html and "<script>alert" not in html


def test_a_page_of_shares_alone(tiny, trained, probe_of, worded, shop):
    found = explain(trained, probe_of(trained, worded).projected, tiny.features, worded, top=2)
    products = {p.product_id: p for p in tiny.job.dataset.products}
    query = replace(shop.query, image=None)
    assert "Modalities" in render("explanation.html", **page_context(tiny.job, found, query, products, "r"))


def test_what_cannot_be_explained_is_said(tiny, trained, probe_of, worded, shop):
    projected = probe_of(trained, worded).projected
    with pytest.raises(UnknownNameError, match="fields"):
        explain(trained, projected, tiny.features, worded, parts=("field",))
    with pytest.raises(InputError, match="no shop"):
        explain(trained, projected, tiny.features, worded, parts=("fields",))
    with pytest.raises(InputError, match="without candidates"):
        explain(trained, projected, tiny.features, worded.take(np.zeros(0, np.int64)))
    found = explain(
        trained, projected, tiny.features, worded, parts=("query_heat",), shop=replace(shop, query=replace(shop.query, image=None))
    )
    assert found.notes == ("query_heat: the query has no picture",) and found.products[0].query_heat is None


def test_a_question_is_an_id_or_words(tiny):
    known = tiny.job.dataset.queries[0]
    assert asked(tiny.job, known.query_id, None) == known
    assert asked(tiny.job, None, "red mug").text == "red mug"
    for wrong, said in (
        ((None, None), "no query; "),
        ((known.query_id, "red mug"), "a query id and words"),
        ((known.query_id, ""), "a query id and words"),
        (("nobody", None), "no query 'nobody'"),
    ):
        with pytest.raises(InputError, match=said):
            asked(tiny.job, *wrong)


def test_without_a_champion_the_reason_is_said(tiny, tmp_path):
    job = replace(tiny.job, settings=load_settings(home=tmp_path / "home", reports=tmp_path / "reports"))
    with pytest.raises(InputError, match=r"no champion of .*; next: run the chain first"):
        champion(job)
    write_file(job.reports / "gate.json", "{}")
    with pytest.raises(InputError, match=r"the gate promoted no model; next: see why in .*gate\.json"):
        champion(job)


def test_names_of_pages_are_short_and_each_query_has_its_own():
    assert _file_name("q-1_a") == "q-1_a"
    ids = ["a/b", "a_b", "a b", "商" * 200, "商" * 201, "x" * 80, "x" * 81, "..", "é" * 41]
    names = [_file_name(query_id) for query_id in ids]
    assert len(set(names)) == len(ids)
    assert all(len(name.encode()) < 100 and "/" not in name and "." not in name for name in names)


def test_late_interaction_is_explained_like_any_ranker(tiny, shaken, probe_of, worded):
    """Its shares sum to the score, words have shares of their own, and there is no attention of a fusion to report."""
    ranker = shaken("", "", 8)
    probe = probe_of(ranker, worded)
    found = explain(ranker, probe.projected, tiny.features, worded, top=3, parts=("query_words",), families=FAMILIES)
    for product in found.products:
        assert product.attention is None
        assert product.base + sum(product.modalities.values()) == pytest.approx(product.score, abs=1e-3)
        assert any(abs(share) > 1e-3 for share in product.modalities.values())
    assert any(abs(word.share) > 1e-3 for word in found.products[0].query_words)
