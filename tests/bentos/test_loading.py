"""What a service has answered before it is handed out: words and a picture always, a sound unless nobody waits for it."""

import threading

import pytest
import torch

from fuserank.serving import RankingService, load


@pytest.fixture
def asked(monkeypatch):
    """(has a sound, name of the thread) of every search while a service is loaded."""
    seen, search = [], RankingService.search

    def noted(self, request):
        answer = search(self, request)
        seen.append((request.query.audio is not None, threading.current_thread().name))
        return answer

    threads = torch.get_num_threads()
    monkeypatch.setattr(RankingService, "search", noted)
    yield seen
    torch.set_num_threads(threads)


def test_a_loaded_service_has_answered_words_a_picture_and_a_sound(shop, asked):
    load(shop.package)
    assert asked == [(False, "MainThread"), (True, "MainThread")]


def test_nobody_waits_for_the_sound_who_does_not_want_to(shop, asked):
    load(shop.package, wait_for_sound=False)
    assert asked[0] == (False, "MainThread")
    for thread in threading.enumerate():
        if thread.name == "warm":
            thread.join(60)
    assert asked[1:] == [(True, "warm")]
