"""Explanations are true: removing what is named most important hurts most, and a wrong naming is caught."""

import numpy as np

from fuserank.explain import removal
from fuserank.explain.faithfulness import FACTOR, interval, summarise
from fuserank.explain.removal import Drop, modality_drops, word_drops


def drops_of(tiny, trained, probe_of):
    slates = [slate for part in tiny.slates[1:] for slate in part]
    found = [modality_drops(probe_of(trained, slate)) for slate in slates]
    return {measure: summarise([drop[measure] for drop in found if measure in drop]) for measure in ("score", "nDCG@10")}


def test_the_modality_named_most_important_hurts_most(tiny, trained, probe_of):
    found = drops_of(tiny, trained, probe_of)["score"]
    assert found.holds
    assert found.most.mean >= FACTOR * found.random.mean > FACTOR * found.least.mean


def test_naming_the_wrong_one_is_caught(tiny, trained, probe_of, monkeypatch):
    """The same test with every share turned round must fail: it can tell a true explanation from a false one."""
    true = removal.modality_shares
    monkeypatch.setattr(removal, "modality_shares", lambda *a: [{n: -s for n, s in share.items()} for share in true(*a)])
    assert not drops_of(tiny, trained, probe_of)["score"].holds


def test_the_word_named_most_important_hurts_most(tiny, trained, probe_of):
    texts = tiny.features.queries.texts
    slates = [s for part in tiny.slates for s in part if 2 <= len(texts[s.query].split()) <= 4][:5]
    found = summarise([word_drops(probe_of(trained, slate))["score"] for slate in slates])
    assert found.most.mean > found.random.mean > found.least.mean


def test_one_word_cannot_be_compared(tiny, trained, probe_of, monkeypatch):
    monkeypatch.setattr(removal, "words_of", lambda _: ["mug"])
    assert word_drops(probe_of(trained, tiny.slates[2][0])) == {}


def test_intervals():
    values = np.arange(40.0)
    found = interval(values)
    assert found.mean == 19.5 and 15 < found.low < 19.5 < found.high < 24
    assert interval(values) == found
    assert interval(np.array([2.0, 2.0])) == interval(np.array([2.0]))
    assert summarise([Drop(2, 1, 0)] * 3).holds and not summarise([Drop(1.2, 1, 0)] * 3).holds
