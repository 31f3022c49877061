import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.data import media
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.media import MediaStore, media_hash, sniff_mime, write_media
from fuserank.errors import MediaError, SchemaError
from fuserank.types import SCHEMAS


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"RIFF0000WAVE", "audio/wav"),
        (b"fLaC", "audio/flac"),
        (b"GIF89a", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_sniff(head, mime):
    assert sniff_mime(head) == mime


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=30))
def test_what_is_written_is_read(tmp_path_factory, items):
    folder = tmp_path_factory.mktemp("media")
    sizes = write_media(folder, items)
    store = MediaStore(folder)
    assert sizes == {media_hash(data): len(data) for data in items}
    assert dict(store.items()) == {media_hash(data): data for data in items}
    assert sum(pq.read_metadata(path).num_rows for path in folder.iterdir()) == len(set(items))
    assert store.hashes() == list(dict.fromkeys(map(media_hash, items)))


def test_shards_are_cut_between_two_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "SMALL_SHARD", 100)
    monkeypatch.setattr(media, "LARGE_SHARD", 400)
    items = [hashlib.sha256(bytes([n])).digest() for n in range(100)]
    write_media(tmp_path, items)
    held = [32 * pq.read_metadata(path).num_rows for path in sorted(tmp_path.glob("media-*.parquet"))]
    assert all(100 <= size <= 416 for size in held[:-1])
    assert 100 < np.mean(held) < 300
    assert [data for _, data in MediaStore(tmp_path).items()] == items


def test_items_gives_only_what_is_asked_for_in_storage_order(tmp_path):
    write_media(tmp_path, [b"a", b"b", b"c"])
    wanted = [media_hash(b"c"), media_hash(b"a"), "0" * 64]
    assert [data for _, data in MediaStore(tmp_path).items(wanted)] == [b"a", b"c"]


def test_missing(tmp_path):
    with pytest.raises(MediaError) as caught:
        MediaStore(tmp_path).get("0" * 64)
    assert caught.value.reason == "missing"


def test_altered_bytes_are_noticed(tmp_path):
    columns = [[media_hash(b"true")], ["image/png"], [b"false"]]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMAS["media"], strict=True)], schema=SCHEMAS["media"])
    pq.write_table(table, tmp_path / "media-00000.parquet")
    with pytest.raises(MediaError) as caught:
        MediaStore(tmp_path).get(media_hash(b"true"))
    assert caught.value.reason == "hash_mismatch"


@pytest.mark.parametrize("change", [lambda data: data[:-20], lambda data: data[:40], lambda data: b""])
def test_a_shard_that_is_cut_off(tmp_path, change):
    write_media(tmp_path, [b"one", b"two"])
    shard = tmp_path / "media-00000.parquet"
    shard.write_bytes(change(shard.read_bytes()))
    with pytest.raises(SchemaError, match=r"media shard media-00000\.parquet cannot be read: .*import the data again"):
        MediaStore(tmp_path)


def test_a_shard_that_is_damaged_where_the_bytes_stand(tmp_path):
    write_media(tmp_path, [b"one" * 100])
    shard = tmp_path / "media-00000.parquet"
    data = shard.read_bytes()
    place = data.index(b"oneone") - 40  # the header of the page
    shard.write_bytes(data[:place] + bytes(40) + data[place + 40 :])
    with pytest.raises(SchemaError, match="cannot be read"):
        MediaStore(tmp_path).get(media_hash(b"one" * 100))


def test_a_shard_with_other_columns(tmp_path):
    pq.write_table(pa.table({"hash": ["a"], "bytes": ["text"]}), tmp_path / "media-00000.parquet")
    with pytest.raises(SchemaError, match="cannot be read: columns"):
        MediaStore(tmp_path)


def test_a_file_that_changes_during_the_import(tmp_path):
    (tmp_path / "a.png").write_bytes(b"before")
    folder = MediaFolder(tmp_path)
    folder.add("a.png")
    (tmp_path / "a.png").write_bytes(b"after")
    with pytest.raises(MediaError, match="changed during the import"):
        list(folder.read())


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(MediaError) as caught:
        MediaFolder(tmp_path).add("huge.wav")
    assert caught.value.reason == "too_large"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "a", "b.png", "/", "\\", "~", "\0", ""]), max_size=6).map("/".join))
def test_no_name_leads_out_of_the_folder(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp() / "jail"
    root.mkdir(exist_ok=True)
    try:
        path = MediaFolder(root).locate(name)
    except SchemaError:
        return
    assert path.is_relative_to(root.resolve())
