"""Best answers, how sure they are, and a study of a small knowledge base from data to a served package."""

from dataclasses import replace

import numpy as np
import pytest

from fuserank.errors import TooFewError
from fuserank.pipeline.job import Job
from fuserank.recipes.answering.asked_slates import asked_slates
from fuserank.recipes.answering.best import Best, best_answers
from fuserank.recipes.answering.confidence import fit_confidence, measures
from fuserank.recipes.answering.shops import LoadedShop
from fuserank.recipes.answering.study import RANDOM, as_dict, packaged, study
from fuserank.recipes.customer_service.dataset import build_help, is_answered
from fuserank.recipes.customer_service.desk import HelpDesk
from fuserank.recipes.logistics_tracking.dataset import build_tracking, intent_of, number_of
from fuserank.serving import load
from fuserank.settings import load_settings
from fuserank.slates import Slate


def slate(grades, query=0, rows=None):
    grades = np.array(grades, np.float32)
    rows = np.arange(len(grades)) if rows is None else np.array(rows)
    return Slate(query, rows, grades, np.zeros((len(grades), 0), np.float32), np.ones((len(grades), 1), bool))


def best(score, right, answerable):
    flags = np.array(right, bool)
    return Best(np.zeros(len(score), int), np.array(score, float), flags, flags.astype(float), np.array(answerable, bool))


def test_best_answers_by_hand():
    scores = {0: [0.1, 0.9, 0.5], 1: [0.3, 0.2, 0.1], 2: [1.0, 1.0, 0.0]}
    slates = [slate([0, 1, 3], 0, [7, 8, 9]), slate([0, 0, 0], 1), slate([2, 0, 0], 2)]
    found = best_answers(lambda s: np.array(scores[s.query]), slates, 2)
    assert found.rows.tolist() == [8, 0, 0]
    assert found.score.tolist() == [0.9, 0.3, 1.0]
    assert found.right.tolist() == [False, False, True]
    assert found.reciprocal.tolist() == [0.5, 0.0, 1.0]
    assert found.answerable.tolist() == [True, False, True]


def test_measures_leave_questions_without_answer_out_of_ranking():
    values = measures(best([1, 1, 1], [True, False, False], [True, True, False]), None)
    assert values == {"accuracy@1": 0.5, "MRR": 0.5}


def test_confidence_states_how_often_the_best_answer_is_right():
    rng = np.random.default_rng(0)
    score = rng.normal(size=4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(2 * score - 1)))
    found = best(score, right, right | (rng.random(4000) < 0.3))
    confidence = fit_confidence(found)
    assert confidence.calibration.values["slope"][0] == pytest.approx(2, abs=0.2)
    assert confidence.calibration.values["bias"][0] == pytest.approx(-1, abs=0.2)
    values = measures(found, confidence)
    assert values["ECE"] < 0.02 and 0 < confidence.threshold < 1


@pytest.mark.parametrize(
    ("right", "answerable"),
    [([1, 0, 1], [1, 1, 1]), ([0, 0, 0], [0, 0, 0]), ([0, 0, 0], [1, 1, 0]), ([1, 1, 1], [1, 1, 1])],
)
def test_one_kind_alone_gives_no_confidence(right, answerable):
    with pytest.raises(TooFewError, match="questions of validation"):
        fit_confidence(best([1, 2, 3], right, answerable))


@pytest.fixture(scope="module")
def help_job(tmp_path_factory, onnx_cache) -> Job:
    root = tmp_path_factory.mktemp("help")
    (root / "home").mkdir()
    (root / "home" / "encoders").symlink_to(onnx_cache)
    build_help(root / "data")
    knobs = {"rankers": ["late"], "seeds": [0], "epochs": 1, "late": 8}
    settings = load_settings(
        home=root / "home", reports=root / "reports", features={"modalities": ["lexical", "words"]}, training=knobs
    )
    return Job(root / "data", settings)


@pytest.fixture(scope="module")
def found(help_job):
    return study(help_job)


@pytest.mark.slow  # trains
def test_slates_hold_the_entries_of_the_language(help_job, found):
    data = help_job.dataset
    locale = {product.product_id: product.locale for product in data.products}
    ids = found.features.catalogue.product_ids
    slates = asked_slates(found.features, data, "test")
    questions = {query.query_id: query for query in data.queries}
    assert len(slates) == sum(query.split == "test" for query in data.queries) == len(found.questions)
    for query_id, one in zip(found.questions, slates, strict=True):
        assert {locale[ids[row]] for row in one.rows} == {questions[query_id].locale}
        assert len(one.rows) == len(data.products) // 2
        assert (one.grades == 3).sum() == is_answered(query_id)


def test_slates_of_judged_candidates(tmp_path):
    data = build_tracking(tmp_path / "data", shipments=20)
    settings = load_settings(home=tmp_path / "home", reports=tmp_path / "reports", features={"modalities": ["lexical"]})
    from fuserank.pipeline.extract import extract

    features, _ = extract(Job(data.root, settings))
    slates, ids = asked_slates(features, data, "test"), features.catalogue.product_ids
    queries = [query.query_id for query in data.queries if query.split == "test"]
    for query_id, one in zip(queries, slates, strict=True):
        assert {ids[row] for row in one.rows} == set(data.qrels[query_id])
        assert {number_of(ids[row]) for row in one.rows} == {number_of(query_id)}
        assert (one.grades.max() == 0) == (intent_of(query_id) == "vague")


def test_a_study(found):
    assert [one.seed for one in found.seeds] == [0]
    assert found.spread()["accuracy@1"][1] > 3 * found.floors[RANDOM]["accuracy@1"]  # 74 entries: 0.014 by chance
    assert set(as_dict(found)) == {"seeds", "floors", "questions"}
    parts = found.by(lambda query_id: query_id.rsplit("-", 2)[1])
    assert set(parts) == {"en", "zh"} and sum(count for count, _ in parts.values()) == found.seeds[0].test.answerable.sum()


def test_spread_and_parts_over_seeds(found):
    other = replace(found.seeds[0], seed=1, measures={name: value + 0.1 for name, value in found.seeds[0].measures.items()})
    two = replace(found, seeds=(found.seeds[0], other))
    least, mean, greatest = two.spread()["MRR"]
    assert (mean - least, greatest - mean) == (pytest.approx(0.05), pytest.approx(0.05))
    assert two.by(lambda _: "all")["all"][1] == pytest.approx(found.seeds[0].measures["accuracy@1"])


def test_what_is_served_answers_as_what_was_measured(help_job, found, tmp_path, onnx_cache):
    service = load(packaged(help_job, found, tmp_path / "package"), cache=onnx_cache, wait_for_sound=False)
    desk = HelpDesk(LoadedShop(service), found.seeds[0].confidence)
    questions = {query.query_id: query for query in help_job.dataset.queries}
    first, ids = found.seeds[0].test, found.features.catalogue.product_ids
    sure = found.seeds[0].confidence.probability(first.score)
    same = 0
    for place, query_id in enumerate(found.questions[:30]):
        reply = desk.ask(questions[query_id].text)
        if reply.entry_id:
            same += reply.entry_id == ids[first.rows[place]]
        else:
            same += sure[place] < found.seeds[0].confidence.threshold
    assert same >= 27  # equal scores may stand in another order
