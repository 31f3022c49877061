"""Two rankers query by query: what differs is counted, the page holds it, and what cannot be compared is one clear error."""

import json
import re

import numpy as np
import pytest

from fuserank.data.exporters.trec import write_run
from fuserank.errors import InputError, UnknownNameError
from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.seeing.comparing import compare
from fuserank.pipeline.seeing.paired import cuts, paired
from fuserank.pipeline.train import Plan, judged_splits, train_plan
from fuserank.types import Run


@pytest.fixture(scope="module")
def asked(tiny):
    """The job, its features, its test slates, and the folder of a small model."""
    features, _ = extract(tiny.job)
    train, val, test = judged_splits(tiny.job, features, ("train", "val", "test"))
    plan = Plan("small", "fusion", "late", tuple(m.name for m in tiny.job.modalities), 0)
    return tiny.job, features, test, train_plan(tiny.job, features, plan, train, val).folder


def a_run(asked, folder, *, reverse=False):
    """A run file that orders by grade, or the other way round."""
    _, features, slates, _ = asked
    ids, names = np.array(features.catalogue.product_ids), features.queries.query_ids
    rankings = {}
    for slate in slates:
        order = np.argsort(slate.grades if reverse else -slate.grades, kind="stable")
        rankings[names[slate.query]] = (ids[slate.rows[order]].tolist(), np.arange(len(order), 0, -1.0))
    write_run(folder / "run.txt", Run("r", rankings))
    return f"run:{folder / 'run.txt'}"


def test_the_best_run_against_the_worst_gains_on_every_query(asked, tmp_path):
    job, _, slates, _ = asked
    (tmp_path / "best").mkdir()
    found = compare(job, a_run(asked, tmp_path, reverse=True), a_run(asked, tmp_path / "best"))
    assert found.summary.second == pytest.approx(1.0)
    assert found.summary.better == found.summary.queries == len(slates) and found.summary.worse == 0
    assert found.summary.difference == pytest.approx(np.mean([row["difference"] for row in found.queries]))


def test_a_model_is_measured_as_elsewhere_and_the_page_holds_the_worst_queries(asked, tmp_path):
    job, features, slates, folder = asked
    found = compare(job, a_run(asked, tmp_path), str(folder), queries=3)
    by_id = {row["query_id"]: row for row in found.queries}
    score = score_with(features, load_model(folder)[0], [m.name for m in job.modalities])
    for slate in slates:
        assert by_id[features.queries.query_ids[slate.query]]["second"] == pytest.approx(ndcg(score(slate), slate.grades))
    differences = [row["difference"] for row in found.queries]
    assert differences == sorted(differences) and max(differences) <= 0
    page = found.page.read_text(encoding="utf-8")
    assert page.count('<section class="card q"') == 3 and found.queries[0]["query_id"] in page
    assert not re.search(r"""(?:src|href)=["']https?://""", page) and "data:image/jpeg;base64," in page
    whole = json.loads((found.page.parent / "compare.json").read_text(encoding="utf-8"))
    assert len(whole["queries"]) == len(slates) and whole["summary"]["worse"] == found.summary.worse


def test_rules_are_seen_before_they_go_live(asked, tmp_path):
    job, _, _, folder = asked
    ids = [product.product_id for product in job.dataset.products]
    (tmp_path / "rules.toml").write_text(f'[[rules]]\nname = "all away"\nkind = "only"\nproducts = {{ ids = ["{ids[0]}"] }}\n')
    found = compare(job, str(folder), f"{folder}+{tmp_path / 'rules.toml'}")
    assert found.summary.difference < 0 and found.summary.better == 0


def test_who_cannot_be_compared_is_told(asked, tmp_path):
    job, *_ = asked
    with pytest.raises(UnknownNameError, match="no ranker 'BM52' of"):
        compare(job, "BM52", "random")
    with pytest.raises(UnknownNameError, match="did you mean 'random'"):
        compare(job, "radom", "random")
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        compare(job, "random", f"run:{tmp_path / 'nowhere.txt'}")
    (tmp_path / "foreign.txt").write_text("q-nobody Q0 p-nobody 1 1.0 r\n")
    with pytest.raises(InputError, match="q-nobody"):
        compare(job, "random", f"run:{tmp_path / 'foreign.txt'}")


def test_a_summary_by_hand():
    found = paired([0.5, 0.5, 0.5, 0.5], [0.4, 0.5, 0.9, 1.0])
    assert (found.worse, found.same, found.better) == (1, 1, 2)
    assert found.difference == pytest.approx(0.2) and found.low <= 0.2 <= found.high and 0 < found.p <= 1


def test_cuts_part_the_queries(asked):
    job, features, slates, _ = asked
    ids = [features.queries.query_ids[slate.query] for slate in slates]
    found = cuts(job.dataset, ids)
    assert "asks with" in found
    for parts in found.values():
        assert len(parts) > 1 and sorted(query for part in parts.values() for query in part) == sorted(ids)
