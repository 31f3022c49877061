"""Slates scored together get what they get alone, and one that fails fails alone."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from fuserank.devices import device_of
from fuserank.errors import SettingsError
from fuserank.serving import scoring
from fuserank.serving.scoring import Together
from fuserank.slates import score_slate, store_catalogue
from tests.benchmarks.shop import make_ranker

RANKERS = ("late", "late+concat+sequence", "attention+attention_sequence")


@pytest.mark.parametrize("name", RANKERS)
def test_together_gives_what_each_gets_alone(tiny, name, monkeypatch):
    ranker, features = make_ranker(tiny.features, name), tiny.features
    stocks = [store_catalogue(ranker, features), store_catalogue(ranker, features)]
    passes = []

    def counted(ranker, products, asked):
        passes.append(len(asked))
        time.sleep(0.01)  # so that the next ones gather
        return scored(ranker, products, asked)

    scored = scoring.score_slates
    monkeypatch.setattr(scoring, "score_slates", counted)
    slates = [slate.take(np.arange(n % 7 + 1)) for n, slate in enumerate([*tiny.slates[0], *tiny.slates[2]])]
    together = Together(ranker)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: together(stocks[n % 2], features.queries, slates[n]), range(len(slates))))
    for n, scores in enumerate(found):
        alone = score_slate(ranker, stocks[0], features.queries, slates[n])
        assert scores.shape == alone.shape
        np.testing.assert_allclose(scores, alone, atol=1e-4)
    assert sum(passes) == len(slates) and max(passes) > 1


def test_one_that_fails_fails_alone(tiny):
    ranker, features = make_ranker(tiny.features, "late"), tiny.features
    stock, (good, bad) = store_catalogue(ranker, features), tiny.slates[2][:2]
    bad = bad.take(np.arange(3))
    bad.rows[:] = len(features.catalogue) + 5
    together = Together(ranker)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(together, stock, features.queries, slate) for slate in [good, bad] * 8]
        found = [future.exception() is None for future in asked]
    assert found == [True, False] * 8


@pytest.mark.parametrize("error", [TypeError, AssertionError, MemoryError, torch.OutOfMemoryError])
def test_no_error_ends_the_thread(tiny, monkeypatch, error):
    ranker, features = make_ranker(tiny.features, "late"), tiny.features
    stock, slate = store_catalogue(ranker, features), tiny.slates[2][0]
    together = Together(ranker)

    def fail(*_):
        raise error

    with monkeypatch.context() as failing, pytest.raises(error):
        failing.setattr(scoring, "score_slates", fail)
        together(stock, features.queries, slate)
    np.testing.assert_array_equal(together(stock, features.queries, slate), score_slate(ranker, stock, features.queries, slate))


def test_the_thread_ends_with_its_owner(tiny):
    before = set(threading.enumerate())
    together = Together(make_ranker(tiny.features, "late"))
    (thread,) = set(threading.enumerate()) - before
    del together
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_a_processor_scores_each_by_itself(tiny):
    assert not isinstance(scoring.scoring(make_ranker(tiny.features, "late")), Together)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_with_words():
    assert device_of("auto") == device_of("cpu") == torch.device("cpu")
    with pytest.raises(SettingsError, match="no GPU"):
        device_of("cuda")
