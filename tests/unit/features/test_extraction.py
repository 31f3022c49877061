import hashlib
import threading
from functools import partial

import numpy as np
import pytest

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import MediaError
from fuserank.features.extraction import encode, extract
from fuserank.features.store import FeatureStore
from fuserank.modalities.base import Content


def content(number: int, *, media: bool = True) -> Content:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Content(digest, digest if media else str(number), is_media=media)


BYTES = {content(n).key: str(n).encode() for n in range(1000)}


class Toy:
    """Counts what it is asked; a number divisible by 10 is corrupt."""

    info = EncoderInfo("toy", "1", 2, "none")

    def __init__(self):
        self.prepared, self.encoded, self.waiting, self.most_waiting = 0, [], 0, 0
        self._lock = threading.Lock()

    def prepare(self, value):
        number = int(value)
        with self._lock:
            self.prepared += 1
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
        if number % 10 == 0:
            raise MediaError("corrupt", "divisible by ten")
        return number

    def encode(self, prepared):
        with self._lock:
            self.waiting -= len(prepared)
        self.encoded.append(list(prepared))
        return np.array([[n, 1] for n in prepared], np.float32).reshape(-1, 2)


def test_batches_come_in_order_with_reasons_for_what_does_not_decode():
    batches = list(encode([content(n) for n in range(1, 13)], Toy(), BYTES.__getitem__, batch_size=5, workers=3))
    assert [len(b.keys) + len(b.quarantined) for b in batches] == [5, 5, 2]
    assert [int(v[0]) for b in batches for v in b.vectors] == [n for n in range(1, 13) if n != 10]
    assert {k: r for b in batches for k, r in b.quarantined.items()} == {content(10).key: "corrupt"}
    assert all(b.vectors.shape == (len(b.keys), 2) for b in batches)


def test_without_workers_items_are_decoded_in_the_thread_that_asks():
    toy, threads = Toy(), set()

    def read(digest):
        threads.add(threading.get_ident())
        return BYTES[digest]

    (batch,) = encode([content(n) for n in range(8, 12)], toy, read, workers=0)
    assert threads == {threading.get_ident()}
    assert batch.vectors[:, 0].tolist() == [8, 9, 11] and batch.quarantined == {content(10).key: "corrupt"}


def test_a_batch_in_which_nothing_decodes_is_empty_and_not_encoded():
    toy = Toy()
    (batch,) = encode([content(10), content(20)], toy, BYTES.__getitem__, batch_size=5, workers=1)
    assert batch.vectors.shape == (0, 2) and len(batch.quarantined) == 2 and toy.encoded == []


def test_missing_bytes_are_quarantined_and_a_programming_error_is_not_swallowed():
    def missing(digest):
        raise MediaError("missing", digest)

    (batch,) = encode([content(1)], Toy(), missing, batch_size=2, workers=1)
    assert batch.quarantined == {content(1).key: "missing"}
    with pytest.raises(KeyError):
        list(encode([content(1)], Toy(), {}.__getitem__, batch_size=2, workers=1))


def test_no_more_than_two_batches_are_decoded_ahead():
    toy = Toy()
    for _ in encode([content(n) for n in range(1, 200) if n % 10], toy, BYTES.__getitem__, batch_size=4, workers=2):
        pass
    assert toy.most_waiting <= 2 * 4 + 4


def test_decoding_goes_on_while_the_encoder_works():
    """Item 6 belongs to the third batch of two: it is decoded while the first batch is still in the encoder."""
    later = threading.Event()

    class Slow(Toy):
        def prepare(self, value):
            if int(value) == 6:
                later.set()
            return super().prepare(value)

        def encode(self, prepared):
            assert later.wait(20), "nothing was decoded while the encoder worked"
            return super().encode(prepared)

    assert len(list(encode([content(n) for n in range(1, 7)], Slow(), BYTES.__getitem__, batch_size=2, workers=1))) == 3


def test_one_per_cent_changed_means_one_per_cent_encoded(tmp_path):
    store, toy, told = FeatureStore(tmp_path), Toy(), []
    numbers = [n for n in range(1, 223) if n % 10][:200]
    first = extract([content(n) for n in numbers], toy, store, BYTES.__getitem__, encode=partial(encode, batch_size=16))
    assert (first.encoded, first.reused) == (200, 0)
    numbers[7], numbers[99] = 901, 902
    toy = Toy()
    second = extract(
        [content(n) for n in numbers],
        toy,
        store,
        BYTES.__getitem__,
        encode=partial(encode, batch_size=16),
        progress=lambda *a: told.append(a),
    )
    assert (second.encoded, second.reused) == (2, 198)
    assert toy.prepared == 2 and sorted(toy.encoded[0]) == [901, 902]
    assert told == [("toy@1", 2, 2)]
    vectors, found = store.get(Toy.info, [content(n).key for n in numbers])
    assert found.all() and vectors[:, 0].tolist() == numbers


def test_equal_content_is_encoded_once(tmp_path):
    toy = Toy()
    report = extract([content(1)] * 5, toy, FeatureStore(tmp_path), BYTES.__getitem__)
    assert report.encoded == 1 and toy.prepared == 1


def test_what_is_corrupt_is_reported_every_time_but_decoded_once(tmp_path):
    store = FeatureStore(tmp_path)
    for prepared in (2, 0):
        toy = Toy()
        report = extract([content(9), content(10)], toy, store, BYTES.__getitem__)
        assert report.quarantined == {content(10).key: "corrupt"}
        assert toy.prepared == prepared


def test_what_was_encoded_before_a_failure_is_kept_up_to_a_segment(tmp_path, monkeypatch):
    monkeypatch.setattr("fuserank.features.extraction.SEGMENT_ROWS", 4)

    class Breaks(Toy):
        def encode(self, prepared):
            if len(self.encoded) == 3:
                raise RuntimeError("power cut")
            return super().encode(prepared)

    store, contents = FeatureStore(tmp_path), [content(n) for n in range(1, 10)]
    with pytest.raises(RuntimeError):
        extract(contents, Breaks(), store, BYTES.__getitem__, encode=partial(encode, batch_size=2))
    assert len(store.missing(Toy.info, [c.key for c in contents])) == 5
    assert extract(contents, Toy(), store, BYTES.__getitem__).reused == 4


def test_texts_are_encoded_shortest_first(tmp_path):
    class Texts(Toy):
        def prepare(self, value):
            return len(value)

    toy = Texts()
    contents = [Content(hashlib.sha256(t.encode()).hexdigest(), t) for t in ("ccc", "a", "bb")]
    extract(contents, toy, FeatureStore(tmp_path), BYTES.__getitem__)
    assert toy.encoded == [[1, 2, 3]]
