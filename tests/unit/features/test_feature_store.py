import hashlib
import json
import multiprocessing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import StaleFeatureError
from fuserank.features.store import FeatureStore

INFO = EncoderInfo("toy", "1", 3, "none", "abc")


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, INFO.dim)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(appends=st.lists(st.lists(st.integers(0, 20), unique=True, max_size=8), max_size=5))
def test_the_first_vector_of_a_key_is_what_comes_back(tmp_path_factory, appends):
    store, expected = FeatureStore(tmp_path_factory.mktemp("store")), {}
    for seed, numbers in enumerate(appends):
        rows = vectors(len(numbers), seed)
        added = store.append(INFO, [key(n) for n in numbers], rows)
        assert added == len(set(numbers) - set(expected))
        for number, row in zip(numbers, rows, strict=True):
            expected.setdefault(number, row)
    asked = list(range(22))
    for reader in (store, FeatureStore(store.root)):
        got, found = reader.get(INFO, [key(n) for n in asked])
        assert got.dtype == np.float32
        assert found.tolist() == [n in expected for n in asked]
        for number, row in zip(asked, got, strict=True):
            assert np.array_equal(row, expected[number].astype(np.float16) if number in expected else np.zeros(INFO.dim))
        assert reader.missing(INFO, [key(n) for n in asked]) == [key(n) for n in asked if n not in expected]


def test_an_empty_store_misses_everything_and_makes_no_folder(tmp_path):
    store = FeatureStore(tmp_path / "store")
    assert store.missing(INFO, [key(1), key(1), key(2)]) == [key(1), key(2)]
    got, found = store.get(INFO, [key(1)])
    assert got.shape == (1, INFO.dim) and not found.any()
    assert store.get(INFO, [])[0].shape == (0, INFO.dim)
    assert not (tmp_path / "store").exists()


def test_a_reader_sees_what_another_wrote_since(tmp_path):
    reader, writer = FeatureStore(tmp_path), FeatureStore(tmp_path)
    writer.append(INFO, [key(1)], vectors(1))
    assert reader.missing(INFO, [key(1), key(2)]) == [key(2)]
    writer.append(INFO, [key(2)], vectors(1))
    assert reader.missing(INFO, [key(1), key(2)]) == []


@pytest.mark.parametrize("change", [{"dim": 4}, {"sha256": "other"}, {"licence": "MIT"}])
def test_vectors_of_another_encoder_are_refused(tmp_path, change):
    FeatureStore(tmp_path).append(INFO, [key(1)], vectors(1))
    other = replace(INFO, **change)
    for act in (
        lambda s: s.missing(other, [key(1)]),
        lambda s: s.get(other, [key(1)]),
        lambda s: s.append(other, [], np.zeros((0, other.dim))),
    ):
        with pytest.raises(StaleFeatureError, match=next(iter(change))):
            act(FeatureStore(tmp_path))


def test_another_version_stands_beside(tmp_path):
    store = FeatureStore(tmp_path)
    store.append(INFO, [key(1)], vectors(1))
    assert store.missing(replace(INFO, version="2"), [key(1)]) == [key(1)]


def test_what_a_killed_writer_left_is_ignored_then_removed(tmp_path):
    store = FeatureStore(tmp_path)
    store.append(INFO, [key(1)], vectors(1))
    folder = tmp_path / INFO.key
    (folder / "feed.npy").write_bytes(b"\x93NUMPY half")
    (folder / "feed.keys").write_bytes(bytes.fromhex(key(2)))
    (folder / ".feed.npy.k2j4").write_bytes(b"a file not yet in its place")
    assert FeatureStore(tmp_path).missing(INFO, [key(1), key(2)]) == [key(2)]
    FeatureStore(tmp_path).append(INFO, [key(2)], vectors(1))
    assert not [path for path in folder.iterdir() if "feed" in path.name]
    assert FeatureStore(tmp_path).missing(INFO, [key(1), key(2)]) == []


@pytest.mark.parametrize("damage", ["cut", "gone", "keys"])
def test_a_damaged_segment_is_encoded_again(tmp_path, damage):
    FeatureStore(tmp_path).append(INFO, [key(n) for n in range(50)], vectors(50))
    FeatureStore(tmp_path).append(INFO, [key(99)], vectors(1))
    folder = tmp_path / INFO.key
    name = json.loads((folder / "manifest.json").read_text())["segments"][0]["name"]
    path = folder / f"{name}.{'keys' if damage == 'keys' else 'npy'}"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:150])
    store = FeatureStore(tmp_path)
    assert store.missing(INFO, [key(n) for n in (*range(50), 99)]) == [key(n) for n in range(50)]
    store.append(INFO, [key(n) for n in range(50)], vectors(50, 1))
    assert FeatureStore(tmp_path).missing(INFO, [key(n) for n in (*range(50), 99)]) == []


def test_an_unreadable_manifest_says_what_to_do(tmp_path):
    FeatureStore(tmp_path).append(INFO, [key(1)], vectors(1))
    (tmp_path / INFO.key / "manifest.json").write_text("{")
    with pytest.raises(StaleFeatureError, match="extract again"):
        FeatureStore(tmp_path).missing(INFO, [key(1)])


def test_lasting_quarantine_is_remembered_and_passing_reasons_are_not(tmp_path):
    FeatureStore(tmp_path).append(INFO, [], np.zeros((0, 3)), {key(1): "corrupt", key(2): "missing", key(3): "too_large"})
    store = FeatureStore(tmp_path)
    assert store.missing(INFO, [key(1), key(2), key(3)]) == [key(2), key(3)]
    assert store.quarantined(INFO, [key(1), key(2)]) == {key(1): "corrupt"}


@pytest.mark.parametrize("bad", [np.zeros((1, 4)), np.zeros((2, 3)), np.array([[np.nan, 0, 0]]), np.array([[1e6, 0, 0]])])
def test_bad_vectors_are_refused(tmp_path, bad):
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=r"toy@1"):
        FeatureStore(tmp_path).append(INFO, [key(1)], bad)


def _write(root: str, start: int) -> None:
    store = FeatureStore(root)
    for number in range(start, start + 12, 3):
        store.append(INFO, [key(n) for n in range(number, number + 3)], np.full((3, INFO.dim), start))


def test_two_writers_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(tmp_path), start)) for start in (0, 6)]  # 6..11 overlap
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    got, found = FeatureStore(tmp_path).get(INFO, [key(n) for n in range(18)])
    assert found.all()
    assert set(got[:6, 0]) == {0} and set(got[12:, 0]) == {6}
    manifest = json.loads((tmp_path / INFO.key / "manifest.json").read_text())
    assert sum(entry["rows"] for entry in manifest["segments"]) == 18
