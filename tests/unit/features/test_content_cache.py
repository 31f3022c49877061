import threading
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.features import ContentCache, FeatureStore, encode
from fuserank.features.vectors import content_vectors
from tests.unit.features.test_extraction import BYTES, Toy, content

KEYS = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True)


@given(st.integers(1, 5), st.lists(st.tuples(st.booleans(), st.sampled_from("xy"), KEYS), max_size=30))
def test_it_holds_what_was_asked_for_last(entries, steps):
    """Against a plain list, newest last."""
    cache, held, hits, misses = ContentCache(entries), [], 0, 0
    for number, (is_put, maker, keys) in enumerate(steps):
        if is_put:
            cache.put(maker, dict.fromkeys(keys, number))
            held = [item for item in held if item[0] not in {(maker, key) for key in keys}]
            held = (held + [((maker, key), number) for key in keys])[-entries:]
        else:
            known = dict(held)
            expected = {key: known[maker, key] for key in keys if (maker, key) in known}
            assert cache.get(maker, keys) == expected
            held = [item for item in held if item[0] not in {(maker, key) for key in expected}]
            held += [((maker, key), value) for key, value in expected.items()]
            hits, misses = hits + len(expected), misses + len(keys) - len(expected)
    assert (cache.hits, cache.misses) == (hits, misses)


def test_threads_share_it_without_losing_count():
    cache = ContentCache(50)

    def work(maker):
        for n in range(500):
            for key, value in cache.get(maker, [str(n % 70)]).items():
                assert value == (maker, key)
            cache.put(maker, {str(n % 70): (maker, str(n % 70))})

    threads = [threading.Thread(target=work, args=(str(i % 2),)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.hits + cache.misses == 6 * 500


def test_a_cache_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        ContentCache(0)


def test_contents_are_encoded_once_and_come_back_as_a_store_gives_them(tmp_path):
    toy, cache, contents = Toy(), ContentCache(), [content(3), None, content(10), content(3), content(1001, media=False)]
    first, there, report = content_vectors(contents, toy, cache, BYTES.__getitem__)
    again, still_there, second = content_vectors(contents, toy, cache, BYTES.__getitem__)
    stored, in_store, _ = content_vectors(contents, Toy(), FeatureStore(tmp_path), BYTES.__getitem__)
    assert first.dtype == again.dtype == stored.dtype == np.float16
    assert np.array_equal(first, again) and np.array_equal(first, stored)
    assert there.tolist() == still_there.tolist() == in_store.tolist() == [True, False, False, True, True]
    assert (report.encoded, report.reused, second.encoded, second.reused) == (2, 0, 0, 2)
    assert [number for batch in toy.encoded for number in batch] == [3, 1001]
    assert report.quarantined == second.quarantined == {content(10).key: "corrupt"}


def test_one_smaller_than_a_request_loses_nothing():
    contents = [content(n) for n in (1, 2, 3)]
    found, there, _ = content_vectors(contents, Toy(), ContentCache(1), BYTES.__getitem__, encode=partial(encode, batch_size=1))
    assert there.all() and found[:, 0].tolist() == [1, 2, 3]
