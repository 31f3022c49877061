"""Versions of data/: recorded, found, put back, sent and fetched; nothing damaged is used, nothing unsaved is lost."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import yaml

from fuserank.data.dataset import Dataset
from fuserank.data_versions import add, find, pull, push, recorded_hash, remotes, restore, verify, versions
from fuserank.data_versions.pointer import parse_pointer, read_pointer
from fuserank.errors import InputError, SchemaError, UnavailableError

HASH = "0" * 32 + ".dir"


@pytest.fixture
def two(repository):
    """Two committed versions: the second has another picture for p7 and another price for p9."""
    from dataclasses import replace

    add(repository.root)
    repository.first = repository.commit("the shop as it was")
    repository.repaint(7)
    repository.products[9] = replace(repository.products[9], price=1.5)
    repository.write()
    add(repository.root)
    repository.second = repository.commit("p7 in red")
    return repository


def flip(path) -> None:
    """One bit of a file that is marked as finished."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    stamp = path.stat()
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    path.chmod(0o444)


def with_remote(repository, folder) -> None:
    subprocess.run(
        ["dvc", "remote", "add", "--default", "store", str(folder)], cwd=repository.root, check=True, capture_output=True
    )


def test_history_names_what_was_committed(two, monkeypatch):
    new, old = versions(two.root)
    assert (old.commit, new.commit) == (two.first, two.second)
    assert (old.subject, new.subject) == ("the shop as it was", "p7 in red")
    monkeypatch.chdir(two.root)
    assert recorded_hash(two.shop) == new.pointer.hash == read_pointer(two.root).hash
    assert new.pointer.files == sum(1 for path in two.shop.iterdir())


def test_what_is_not_committed_yet_stands_on_top(two):
    two.repaint(3)
    two.write()
    added = add(two.root)
    assert [version.commit for version in versions(two.root)] == ["", two.second, two.first]
    assert find(two.root, None).pointer == added


@pytest.mark.parametrize("how", ["HEAD~1", "commit", "hash", "tag"])
def test_a_version_is_found_by_any_of_its_names(two, how):
    subprocess.run(["git", "tag", "spring", two.first], cwd=two.root, check=True)
    old = versions(two.root)[1]
    text = {"HEAD~1": "HEAD~1", "commit": two.first[:10], "hash": old.pointer.hash[:8], "tag": "spring"}[how]
    assert find(two.root, text) == old


@pytest.mark.parametrize("text", ["nothing-like-it", "--output=/tmp/x", "abc", "", "\0", "HEAD~9"])
def test_a_name_that_means_nothing_is_refused(two, text):
    with pytest.raises(InputError, match="no version of data/"):
        find(two.root, text)


def test_the_old_version_comes_back_and_the_new_one_after_it(two):
    was = Dataset.open(two.shop).version
    restore(two.root, find(two.root, two.first))
    products = {product.product_id: product for product in Dataset.open(two.shop).products}
    assert products["p9"].price == 9.0
    assert Dataset.open(two.shop).media.get(products["p7"].image)
    assert read_pointer(two.root) == find(two.root, two.first).pointer
    restore(two.root, find(two.root, "HEAD"))
    assert Dataset.open(two.shop).version == was
    assert subprocess.run(["dvc", "status", "-q"], cwd=two.root, check=False).returncode == 0
    assert not subprocess.run(["git", "diff", "--stat"], cwd=two.root, check=True, capture_output=True).stdout


def test_what_was_never_added_is_not_lost(two):
    two.repaint(1)
    two.write()
    kept = (two.shop / "products.parquet").read_bytes()
    with pytest.raises(InputError, match="never added"):
        restore(two.root, find(two.root, two.first))
    assert (two.shop / "products.parquet").read_bytes() == kept
    assert read_pointer(two.root) == find(two.root, two.second).pointer
    restore(two.root, find(two.root, two.first), force=True)
    assert Dataset.open(two.shop).products[9].price == 9.0


def test_a_changed_item_makes_only_its_shard_new(repository):
    before = {path.read_bytes() for path in repository.shop.glob("media-*")}
    assert len(before) >= 4
    repository.repaint(100)
    repository.write()
    after = {path.read_bytes() for path in repository.shop.glob("media-*")}
    assert 1 <= len(after - before) <= 2  # where the item ended its shard, the next one is another too


def test_a_removed_first_item_does_not_move_all_shards(repository):
    before = {path.read_bytes() for path in repository.shop.glob("media-*")}
    del repository.media[0]
    repository.products[0] = type(repository.products[0])("p0", "mug 0")
    repository.write()
    assert len({path.read_bytes() for path in repository.shop.glob("media-*")} - before) <= 2


def test_pushed_is_pulled_whole_into_an_empty_clone(two, tmp_path):
    with_remote(two, tmp_path / "remote")
    assert push(two.root) > 0
    assert push(two.root) == 0
    was = Dataset.open(two.shop).version
    shutil.rmtree(two.root / "data")
    shutil.rmtree(two.root / ".dvc/cache")
    pull(two.root)
    assert Dataset.open(two.shop).version == was
    assert remotes(two.root) == {"store": str(tmp_path / "remote")}


def test_an_old_version_is_fetched_when_the_cache_has_lost_it(two, tmp_path):
    with_remote(two, tmp_path / "remote")
    restore(two.root, find(two.root, two.first))
    push(two.root)
    restore(two.root, find(two.root, two.second))
    push(two.root)
    shutil.rmtree(two.root / ".dvc/cache")
    restore(two.root, find(two.root, two.first), force=True)
    assert Dataset.open(two.shop).products[9].price == 9.0


@pytest.mark.parametrize("victim", ["products.parquet", "media-00001.parquet"])
def test_a_bit_flip_in_the_cache_is_made_anew_from_data(two, victim):
    flip(two.cached(victim))
    assert [(d.path, d.state, d.remade) for d in verify(two.root, find(two.root, None))] == [(f"shop/{victim}", "altered", "data")]
    assert verify(two.root, find(two.root, None)) == []


def test_a_bit_flip_in_the_cache_is_made_anew_from_the_remote(two, tmp_path):
    with_remote(two, tmp_path / "remote")
    push(two.root)
    was = Dataset.open(two.shop).version
    flip(two.cached("products.parquet"))
    shutil.rmtree(two.root / "data")
    pull(two.root)
    assert Dataset.open(two.shop).version == was


def test_a_bit_flip_is_refused_where_nobody_has_the_bytes(two):
    flip(two.cached("products.parquet"))
    shutil.rmtree(two.root / "data")
    with pytest.raises(InputError, match=r"products\.parquet \(altered\)"):
        pull(two.root)
    assert [damage.remade for damage in verify(two.root, find(two.root, None))] == [""]


def test_a_bit_flip_is_never_pushed_nor_taken_from_a_remote(two, tmp_path):
    with_remote(two, tmp_path / "remote")
    flipped = two.cached("products.parquet")
    good = flipped.read_bytes()
    flip(flipped)
    with pytest.raises(InputError, match="missing or altered in the cache"):
        push(two.root)
    flipped.chmod(0o644)
    flipped.write_bytes(good)
    push(two.root)
    flip(tmp_path / "remote/files/md5" / flipped.parent.name / flipped.name)
    shutil.rmtree(two.root / ".dvc/cache")
    shutil.rmtree(two.root / "data")
    with pytest.raises(InputError, match=r"products\.parquet"):
        pull(two.root)
    assert not (two.shop / "products.parquet").exists()


def test_unfinished_work_is_not_recorded(repository):
    (repository.root / "data" / ".shop.x1").mkdir()
    with pytest.raises(InputError, match="unfinished"):
        add(repository.root)
    assert read_pointer(repository.root) is None


def test_a_link_is_not_recorded(repository):
    (repository.root / "data" / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="loop in data/ is a link"):
        add(repository.root)


def test_a_remote_of_a_kind_that_is_not_installed_is_named(two):
    with_remote(two, "ssh://user@host/folder")
    with pytest.raises(InputError, match="ssh"):
        push(two.root)


def test_a_remote_that_cannot_be_written_is_named(two):
    with_remote(two, "/proc/nowhere")
    with pytest.raises(UnavailableError, match="nowhere"):
        push(two.root)


def test_a_broken_dataset_is_not_recorded(repository):
    (repository.shop / "dataset.json").write_text("{}")
    with pytest.raises(SchemaError):
        add(repository.root)
    assert read_pointer(repository.root) is None


@pytest.mark.parametrize(
    "text", ["", "[1]", "outs: []", "outs: [{md5: 1, size: 2, nfiles: 3, path: data}]", "a: b: c", "outs:\n- md5: x\n  size: y"]
)
def test_a_data_dvc_that_dvc_did_not_write_is_refused(text):
    with pytest.raises(SchemaError, match="cannot be read"):
        parse_pointer(text, "data.dvc")


def test_outside_a_repository_each_command_says_so(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="DVC repository"):
        add(tmp_path)
    with pytest.raises(InputError, match="git"):
        versions(tmp_path)


def test_without_a_remote_push_says_how_to_add_one(two):
    with pytest.raises(InputError, match="dvc remote add"):
        push(two.root)


def test_a_listing_that_leads_out_of_data_is_refused(two):
    from fuserank.data_versions.objects import Objects, md5_file

    evil = two.root / "evil"
    evil.write_text('[{"md5": "00000000000000000000000000000000", "relpath": "../../home"}]')
    objects = Objects(two.root / ".dvc/cache/files/md5")
    name = f"{md5_file(evil)}.dir"
    objects.path(name).parent.mkdir(exist_ok=True)
    evil.rename(objects.path(name))
    with pytest.raises(InputError, match="home"):
        objects.listing(name)


def test_a_hash_of_dvc_counts_only_for_the_bytes_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = tmp_path / "data" / "shop"
    shop.mkdir(parents=True)
    (shop / "products.parquet").write_bytes(b"four")
    assert recorded_hash(shop) is None
    (tmp_path / "data.dvc").write_text(yaml.safe_dump({"outs": [{"md5": HASH, "nfiles": 1, "size": 4, "path": "data"}]}))
    assert recorded_hash(shop) == HASH
    (tmp_path / "data" / "other.txt").write_bytes(b"another shop")
    assert recorded_hash(shop) is None
    assert recorded_hash(tmp_path) is None
