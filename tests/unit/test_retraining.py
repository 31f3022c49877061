"""One drift gives one retrain, whoever asks how often."""

from datetime import timedelta
from multiprocessing.pool import ThreadPool

from fuserank.pipeline.retraining import answers, begin, conclude, give_up

DAY = timedelta(days=1)


def test_a_verdict_is_answered_once_and_no_other_within_the_cooldown(tmp_path):
    assert begin(tmp_path, "shop", "v1", "colours", "run1", DAY) == ""
    assert "answered already" in begin(tmp_path, "shop", "v1", "colours", "run2", timedelta(0))
    assert "is not 1 day" in begin(tmp_path, "shop", "v2", "words", "run3", DAY)
    assert begin(tmp_path, "shop", "v2", "words", "run3", timedelta(0)) == ""
    assert begin(tmp_path, "another", "v1", "colours", "run4", DAY) == ""
    conclude(tmp_path, "shop", "v1", "promoted")
    assert [(a.verdict, a.outcome) for a in answers(tmp_path, "shop")] == [("v1", "promoted"), ("v2", "")]


def test_a_run_whose_process_died_may_begin_again_and_a_failed_one_leaves_room(tmp_path):
    assert begin(tmp_path, "shop", "v1", "colours", "run1", DAY) == ""
    assert begin(tmp_path, "shop", "v1", "colours", "run1", DAY) == ""
    assert len(answers(tmp_path, "shop")) == 1
    give_up(tmp_path, "shop", "v1")
    assert begin(tmp_path, "shop", "v1", "colours", "run2", DAY) == ""


def test_of_many_at_once_one_may_go_on(tmp_path):
    with ThreadPool(8) as pool:
        said = pool.map(lambda n: begin(tmp_path, "shop", "v1", "colours", f"run{n}", DAY), range(24))
    assert said.count("") == 1
