import ir_measures
import numpy as np
import pytest

from fuserank.evaluation.entries import Entry
from fuserank.evaluation.leaderboard import build_leaderboard
from fuserank.evaluation.slices import slices
from fuserank.types import Query


def noise(seed):
    return lambda slate: np.random.default_rng([seed, slate.query]).random(len(slate.rows))


@pytest.fixture(scope="module")
def board(tiny):
    entries = [Entry("oracle", "fusion", lambda s: s.grades), *[Entry("noise", "random", noise(seed), seed) for seed in (0, 1)]]
    return build_leaderboard(tiny.job.dataset, tiny.features, entries, tiny.slates[1], tiny.slates[2], chosen="oracle")


def test_best_first_and_perfect_is_one(board):
    assert [row.ranker for row in board.rows] == ["oracle", "noise"]
    assert board.rows[0].metrics["nDCG@10"] == {"mean": 1.0, "std": 0.0}
    assert board.rows[0].metrics["ROC-AUC"]["mean"] == 1.0
    assert board.queries == len(board.rows[0].per_query)


def test_numbers_are_those_of_ir_measures(tiny, board):
    ids, products = tiny.features.queries.query_ids, tiny.features.catalogue.product_ids
    test = tiny.slates[2]
    qrels = {ids[s.query]: {products[r]: int(g) for r, g in zip(s.rows, s.grades, strict=True)} for s in test}
    rel = tiny.job.dataset.manifest.relevant_grade
    wanted = {"nDCG@10": ir_measures.nDCG @ 10, "MRR@10": ir_measures.RR(rel=rel) @ 10, "MAP": ir_measures.AP(rel=rel)}
    means = []
    for seed in (0, 1):
        run = {ids[s.query]: {products[r]: float(v) for r, v in zip(s.rows, noise(seed)(s), strict=True)} for s in test}
        means.append(ir_measures.calc_aggregate(list(wanted.values()), qrels, run))
    for name, reference in wanted.items():
        values = [m[reference] for m in means]
        assert board.row("noise").metrics[name]["mean"] == pytest.approx(np.mean(values))
        assert board.row("noise").metrics[name]["std"] == pytest.approx(np.std(values))


def test_significance_is_against_the_chosen_one(board):
    assert board.row("oracle").significance is None
    found = board.row("noise").significance
    assert found["vs"] == "oracle"
    assert not found["better"]
    assert 0 < found["p_adjusted"] <= 1


def test_slices_by_what_is_asked_with():
    queries = [Query(str(i), text="red shoe", locale="en") for i in range(5)] + [Query(f"p{i}", image="0" * 64) for i in range(6)]
    found = slices(queries)
    assert found["asks with a picture"] == [f"p{i}" for i in range(6)]
    assert found["English"] == found["asks with text"] == [str(i) for i in range(5)]
    assert slices(queries, smallest=6).keys() == {"asks with a picture"}
    assert slices(queries[:5]) == {}, "a slice of all queries says nothing new"
