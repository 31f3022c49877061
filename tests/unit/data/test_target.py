"""A dataset is written over nothing but a dataset, and never over what it is made from."""

from inspect import signature

import pytest

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.data.importers import IMPORTERS, import_grocery, import_table
from fuserank.data.sample import build_sample
from fuserank.data.target import target_folder
from fuserank.errors import InputError
from fuserank.types import Product


def write(root):
    return write_dataset(root, Manifest(name="tiny"), products=[Product("1", "mug")])


def files(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


WHOLE = [name for name in IMPORTERS if "onto" not in signature(IMPORTERS[name]).parameters]  # the others read one file


@pytest.mark.parametrize("importer", WHOLE)
@pytest.mark.parametrize("above", [False, True])
def test_no_importer_replaces_its_source(tmp_path, importer, above):
    source = tmp_path / "mine" / "shop"
    source.mkdir(parents=True)
    (source / "products.csv").write_text("product_id,title\n1,mug\n")
    (source / "dataset.json").write_text("{}")
    before = files(tmp_path)
    with pytest.raises(InputError, match="which is read, lies in it"):
        IMPORTERS[importer](source, source.parent if above else source)
    assert files(tmp_path) == before


def test_no_importer_replaces_its_media(tmp_path):
    source, media = tmp_path / "source", tmp_path / "mine" / "media"
    source.mkdir()
    media.mkdir(parents=True)
    (tmp_path / "link").symlink_to(media.parent)
    for target in (media, media.parent, tmp_path / "link"):
        with pytest.raises(InputError, match="which is read, lies in it"):
            import_table(source, target, media=media)
        with pytest.raises(InputError, match="which is read, lies in it"):
            import_grocery(source, target, voice=media)
    assert media.is_dir()


@pytest.mark.parametrize("make", [write, build_sample], ids=["dataset", "sample"])
@pytest.mark.parametrize("place", ["folder", "file.txt", "file.txt/data", "loop"])
def test_what_is_no_dataset_stays(tmp_path, make, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/letter.txt").write_text("dear")
    (tmp_path / "file.txt").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    before = files(tmp_path)
    with pytest.raises(InputError, match="name another target"):
        make(tmp_path / place)
    assert files(tmp_path) == before and (tmp_path / "loop").is_symlink()
    assert len(list(tmp_path.iterdir())) == 3


def test_an_empty_folder_and_a_dataset_are_replaced(tmp_path):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data")
    assert write(tmp_path / "data").products == [Product("1", "mug")]


def test_a_link_to_a_dataset_stays_a_link(tmp_path):
    write(tmp_path / "data")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "ahead").symlink_to(tmp_path / "new")
    write_dataset(tmp_path / "link", Manifest(name="other"), products=[Product("2", "cup")])
    write(tmp_path / "ahead")
    assert (tmp_path / "link").is_symlink() and Dataset.open(tmp_path / "data").manifest.name == "other"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ahead", "data", "link", "new"]


def test_a_target_within_its_source_is_fine(tmp_path):
    assert target_folder(tmp_path / "data", tmp_path, None) == tmp_path / "data"
