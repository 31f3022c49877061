"""What studies are made of, on numbers that can be checked by hand."""

import numpy as np
import pytest

from fuserank.data import corruption
from fuserank.evaluation.entries import Entry
from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.pipeline.studies import components, errors, frontier, learning_curve, missing
from fuserank.pipeline.studies.bench import Bench
from fuserank.pipeline.studies.damage import PICTURES, QUERY_WORDS, TITLES, VOICE, Noise, damaged
from fuserank.pipeline.studies.figures import drawable
from fuserank.pipeline.studies.study import mean_and_spread, table
from fuserank.scorers import SCORERS


def matrix_row(trained, served, mean):
    return {"trained_on": trained, "served": served, "specialist": trained == served, "mean": mean, "std": 0.0, "seeds": 1}


def test_a_verdict_allows_a_hundredth():
    rows = [
        matrix_row("a + b", "a + b", 0.9),
        matrix_row("a + b", "a", 0.701),
        matrix_row("a + b", "b", 0.689),
        matrix_row("a", "a", 0.71),
        matrix_row("b", "b", 0.70),
    ]
    assert [(s["served"], holds) for _, s, holds in missing.verdicts(rows)] == [("a + b", True), ("a", True), ("b", False)]


def test_subsets_are_all_but_the_empty_one():
    assert missing.subsets(["a", "b"]) == [("a", "b"), ("a",), ("b",)]
    assert len(missing.subsets("abcde")) == 31


def test_every_kind_of_damage_starts_at_none_and_rises():
    for kind in (*PICTURES, *TITLES, QUERY_WORDS, VOICE):
        assert kind.strengths[0] == 0
        assert list(kind.strengths) == sorted(kind.strengths)


def test_damage_spares_what_is_not_named(bench):
    kind = Noise("colours turned", "image", corruption.turn_colours, (0, 1), "share")
    ids = [p.product_id for p in bench.job.dataset.products if p.image][:5]
    before, after = bench.features.catalogue, damaged(bench, "products", kind, 1.0, set(ids)).catalogue
    changed = (before.vectors["image"] != after.vectors["image"]).any(axis=1)
    assert {before.product_ids[row] for row in np.flatnonzero(changed)} == set(ids)
    assert np.array_equal(before.present, after.present)
    assert np.array_equal(before.vectors["text"], after.vectors["text"])


def test_a_lost_title_is_gone_from_words_and_vectors(bench):
    kind = Noise("missing titles", "title", corruption.lose, (0, 1), "share")
    product = next(p for p in bench.job.dataset.products if p.title and p.description)
    after = damaged(bench, "products", kind, 1.0, {product.product_id}).catalogue
    (row,) = after.rows([product.product_id])
    assert not np.array_equal(after.vectors["text"][row], bench.features.catalogue.vectors["text"][row])
    assert after.lexical.scores(product.title)[row, 0] == 0 < bench.features.catalogue.lexical.scores(product.title)[row, 0]


def test_draws_of_judged_queries_are_nested_and_a_fifth_validates(bench):
    wide = Bench(bench.shop, bench.job, bench.features, bench.train * 4, bench.val * 8, bench.test)
    for seed in (0, 1):
        few, more = (learning_curve.draw_judged(wide, count, seed) for count in (5, 20))
        assert [len(few.train), len(few.val), len(more.train), len(more.val)] == [4, 1, 16, 4]
        assert [s.query for s in few.train] == [s.query for s in more.train[:4]]
        assert [s.query for s in few.val] == [s.query for s in more.val[:1]]
    draws = {tuple(s.query for s in learning_curve.draw_judged(wide, 20, seed).train) for seed in range(3)}
    assert len(draws) == 3


def test_more_judged_queries_than_there_are_is_no_draw(bench):
    assert learning_curve.draw_judged(bench, 5 * len(bench.train), 0) is None
    assert learning_curve.draw_judged(bench, None, 3) == learning_curve.Judged(bench.train, bench.val, 3)


def timed(ms, mean, ranker="x"):
    return {"ranker": ranker, "ms_per_1000": ms, "mean": mean, "ms_low": ms * 0.9, "ms_high": ms * 1.1, "std": 0.0, "seeds": 1}


def test_the_front_is_what_nothing_dominates():
    rows = [timed(1.0, 0.5, "a"), timed(1.0, 0.6, "b"), timed(2.0, 0.6, "c"), timed(3.0, 0.8, "d"), timed(4.0, 0.7, "e")]
    found = frontier.mark_front(rows[::-1])
    assert [r["ranker"] for r in found if r["on_front"]] == ["b", "d"]
    for row in found:
        beaten = any(
            o["ms_per_1000"] <= row["ms_per_1000"] and o["mean"] >= row["mean"] and o["ranker"] != row["ranker"] for o in rows
        )
        assert row["on_front"] != beaten


def test_a_rate_is_given_where_times_can_be_told_apart():
    assert frontier._bought(timed(1.0, 0.5), timed(3.0, 0.6)) == ("+0.100", "0.050")
    assert frontier._bought(timed(1.0, 0.5), timed(1.1, 0.6)) == ("+0.100", "")


def test_rankers_are_timed_turn_by_turn(bench):
    turns = []

    def entry(name):
        def score(slate):
            turns.append((name, len(slate.rows)))
            return np.zeros(len(slate.rows), np.float32)

        return Entry(name, "fusion", score)

    found = frontier.times([entry("a"), entry("b")], bench.features, bench.test[0], rounds=3)
    assert turns == [("a", 1000), ("b", 1000)] * 4
    assert list(found) == ["a", "b"]


def test_each_variant_exchanges_one_part():
    found = components.variants("sum+attention", "bce", components.PARTS)
    of = {part: [v for v in found if v.part == part] for part in components.PARTS}
    assert [v.value for v in of["late"]] == [v.ranker for v in of["late"]]
    assert [v.ranker for v in of["late"]] == ["sum+attention", "late", "late+concat+sequence", "concat+sequence"]
    assert [(v.value, v.ranker) for v in of["fusion"]] == [(name, f"{name}+sequence") for name in FUSIONS]
    assert [(v.value, v.ranker) for v in of["scorer"]] == [(name, f"concat+{name}") for name in SCORERS]
    assert [(v.value, v.ranker, v.loss) for v in of["loss"]] == [(name, "sum+attention", name) for name in LOSSES]
    assert {v.loss for part in ("late", "fusion", "scorer") for v in of[part]} == {"bce"}
    assert sum(len(variants) for variants in of.values()) == len(found)


@pytest.mark.parametrize("ranker", ["late", "concat+sequence"])
def test_a_default_that_is_a_variant_stands_once(ranker):
    found = [v.ranker for v in components.variants(ranker, "softmax", ("late",))]
    assert found == [ranker, *(name for name in ("late", "late+concat+sequence", "concat+sequence") if name != ranker)]


def test_numbers_in_words():
    assert mean_and_spread({"mean": 0.81249, "std": 0.0041, "seeds": 3}) == "0.812 ± 0.004"
    assert mean_and_spread({"mean": 0.5, "std": 0.0, "seeds": 1}) == "0.500"
    assert table(("a", "b"), [(1, "x")]) == "| a | b |\n| --- | --- |\n| 1 | x |\n"


def test_a_picture_is_the_same_each_time():
    rows = [{**matrix_row("a", "a", 0.5)}]
    assert missing.heat_map(rows, "shop") == missing.heat_map(rows, "shop")


def test_a_warm_start_comes_from_another_set():
    for shop in learning_curve.SHOPS:
        start = learning_curve.STARTS[shop.name]
        assert start.importer != shop.importer and set(start.modalities) & set(shop.modalities)


def test_without_a_start_there_is_no_warm_start(workspace, bench):
    assert learning_curve._warm(workspace, bench, learning_curve.draw_judged(bench, None, 0)) is None


def test_what_the_font_lacks_becomes_a_box():
    assert drawable("T恤, navy – 3") == "T□, navy – 3"


@pytest.mark.parametrize("module", [learning_curve, missing, frontier, components, errors])
def test_default_shops_are_named_once(module):
    names = [shop.name for shop in module.SHOPS]
    assert len(set(names)) == len(names)
