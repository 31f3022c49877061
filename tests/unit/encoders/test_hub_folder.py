"""Model folders by path and by hub id: what is found, what is refused, and whose identity changes when."""

import json

import pytest
from safetensors.torch import load_file, save_file

from fuserank.encoders.hub_folder import locate
from fuserank.errors import SettingsError
from tests import hub_models


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return hub_models.clip(tmp_path_factory.mktemp("models") / "shop-clip")


@pytest.fixture
def hub(tmp_path, monkeypatch, path):
    """A local hub cache that holds `path` as acme/shop-clip, as huggingface_hub lays it out."""
    from huggingface_hub import constants

    root = tmp_path / "hub" / "models--acme--shop-clip"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("0" * 40)
    (root / "snapshots").mkdir()
    (root / "snapshots" / ("0" * 40)).symlink_to(path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_folder_is_named_after_itself(path):
    found = locate(str(path))
    assert (found.name, found.model_type) == ("shop-clip", "clip")
    assert {"config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"} <= set(found.files)
    assert found.licence == "unknown"


@pytest.mark.parametrize("source", ["acme/shop-clip", "acme/shop-clip@main", "acme/shop-clip@" + "0" * 40])
def test_a_hub_id_is_found_in_the_local_cache(hub, path, source):
    found = locate(source)
    assert found.name == "acme--shop-clip"
    assert found.sha256 == locate(str(path)).sha256


def test_nothing_is_fetched_unless_that_is_allowed(hub, monkeypatch):
    import socket

    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(SettingsError, match=r"local Hugging Face cache.*hf download acme/other.*features.allow_download"):
        locate("acme/other")


def test_what_is_neither_folder_nor_hub_id_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no such folder"):
        locate(str(tmp_path / "nothing"))
    with pytest.raises(SettingsError, match=r"holds no config.json"):
        locate(str(tmp_path))


def test_weights_as_pickle_are_refused_and_never_opened(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(SettingsError, match=r"pickle only \(pytorch_model.bin\).*never read.*save_pretrained"):
        locate(str(tmp_path))
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(SettingsError, match="no weights"):
        locate(str(tmp_path))


def test_weights_in_shards_are_found_whole_or_refused(tmp_path, path):
    import shutil

    shutil.copytree(path, tmp_path / "m")
    weights = load_file(path / "model.safetensors")
    names = sorted(weights)
    (tmp_path / "m" / "model.safetensors").unlink()
    parts = {"model-00001-of-00002.safetensors": names[:9], "model-00002-of-00002.safetensors": names[9:]}
    for part, held in parts.items():
        save_file({n: weights[n] for n in held}, tmp_path / "m" / part, {"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": {n: part for part, held in parts.items() for n in held}}
    (tmp_path / "m" / "model.safetensors.index.json").write_text(json.dumps(index))
    assert set(parts) < set(locate(str(tmp_path / "m")).files)
    (tmp_path / "m" / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(SettingsError, match=r"weights that are not there: model-00002-of-00002.safetensors"):
        locate(str(tmp_path / "m"))


@pytest.mark.parametrize("name", ["model.safetensors", "preprocessor_config.json", "tokenizer.json"])
def test_identity_changes_with_weights_and_preprocessing(tmp_path, path, name):
    locate(str(path)).copy_to(tmp_path / "shop-clip")
    same = locate(str(tmp_path / "shop-clip"))
    assert (same.name, same.sha256) == ("shop-clip", locate(str(path)).sha256)
    changed = tmp_path / "shop-clip" / name
    changed.write_bytes(changed.read_bytes() + b" ")
    assert locate(str(tmp_path / "shop-clip")).sha256 != same.sha256


def test_a_card_and_other_files_do_not_change_identity_but_the_licence_is_read(tmp_path, path):
    locate(str(path)).copy_to(tmp_path / "shop-clip")
    (tmp_path / "shop-clip" / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    (tmp_path / "shop-clip" / "training_args.bin").write_bytes(b"x")
    found = locate(str(tmp_path / "shop-clip"))
    assert (found.sha256, found.licence) == (locate(str(path)).sha256, "mit")
    found.copy_to(tmp_path / "copy")
    assert locate(str(tmp_path / "copy")).licence == "mit"
    assert not (tmp_path / "copy" / "training_args.bin").exists()
