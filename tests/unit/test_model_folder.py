"""A model folder comes back as it was saved, or is refused with one clear error."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from fuserank.calibration import fit_method
from fuserank.errors import ModelFolderError, StaleFeatureError
from fuserank.modalities.base import EncoderInfo
from fuserank.model_folder import DataIdentity, ModelMeta, check_encoders, load_model, read_meta, save_model
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec
from fuserank.sealed import SEAL, seal, verify

TEXT = EncoderInfo("words", "1", 3, "MIT", "ab" * 32)
FILES = ("weights.safetensors", "model.json", "MODEL_CARD.md", SEAL)


def make(fusion="sum"):
    spec = RankerSpec(
        (ModalitySpec("text", 3, 3, ("text.cosine",), "unit"), ModalitySpec("lexical", 0, 0, ("lexical.title",), "unit")),
        fusion,
        "sequence",
        width=4,
        rank=2,
    )
    meta = ModelMeta(
        name=spec.name,
        ranker=spec.as_dict(),
        encoders={"text": TEXT},
        metrics={"nDCG@10": 0.5},
        seed=3,
        data=DataIdentity(name="shop", version="00" * 32, sources=("synthetic",)),
    )
    return Ranker(spec), meta


@pytest.fixture
def folder(tmp_path):
    save_model(tmp_path / "model", *make())
    return tmp_path / "model"


def rewrite_meta(folder, **changes):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    seal(folder)


@pytest.mark.parametrize("fusion", ["sum", "concat", "attention"])
def test_comes_back_equal(tmp_path, fusion):
    ranker, meta = make(fusion)
    save_model(tmp_path / "m", ranker, meta)
    loaded, said = load_model(tmp_path / "m")
    assert said == meta
    assert loaded.spec == ranker.spec
    assert not loaded.training
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in ranker.state_dict().items())


def test_a_calibration_comes_back_and_one_of_an_unknown_method_is_refused(tmp_path):
    ranker, meta = make()
    fitted = fit_method("isotonic", [np.array([0.1, 0.2, 0.3])], [np.array([False, True, True])])
    save_model(tmp_path / "m", ranker, meta.model_copy(update={"calibration": fitted}))
    assert load_model(tmp_path / "m")[1].calibration == fitted
    rewrite_meta(tmp_path / "m", calibration=fitted.model_dump() | {"method": "beta"})
    with pytest.raises(ModelFolderError, match=r"calibration\.method: .*'beta'.*next: use the version"):
        load_model(tmp_path / "m")


def test_holds_four_files_and_a_readable_card(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    card = (folder / "MODEL_CARD.md").read_text()
    for words in ("sum+sequence", "words@1", "synthetic", "nDCG@10", "0.5000", "Limits", "Intended use"):
        assert words in card


def test_missing_folder_says_so(tmp_path):
    with pytest.raises(ModelFolderError, match="no folder"):
        load_model(tmp_path / "nowhere")


@pytest.mark.parametrize("name", FILES)
def test_half_written_folder_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFolderError, match=name if name != SEAL else "only in part"):
        load_model(folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES[:3]), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(folder, name, where, bit):
    path = folder / name
    good = path.read_bytes()
    bad = bytearray(good)
    bad[int(where * len(bad))] ^= 1 << bit
    try:
        path.write_bytes(bad)
        with pytest.raises(ModelFolderError, match="was altered"):
            load_model(folder)
    finally:
        path.write_bytes(good)
    load_model(folder)


@pytest.mark.parametrize("size", [0, 10, 100])
def test_truncated_seal_is_refused(folder, size):
    (folder / SEAL).write_bytes((folder / SEAL).read_bytes()[:size])
    with pytest.raises(ModelFolderError, match="cannot be read as a seal"):
        load_model(folder)


def test_a_path_that_the_system_refuses_says_so():
    with pytest.raises(ModelFolderError, match=r"^a{80}: cannot be read: File name too long; .*next: check the path"):
        verify(Path("a" * 5000), ())


def test_a_seal_nested_without_end_is_refused(folder):
    (folder / SEAL).write_text("[" * 200_000)
    with pytest.raises(ModelFolderError, match="cannot be read as a seal"):
        load_model(folder)


def test_a_seal_with_a_name_longer_than_any_file_has_is_refused(folder):
    content = json.loads((folder / SEAL).read_text())
    content["files"]["a" * 5000] = "00"
    (folder / SEAL).write_text(json.dumps(content))
    with pytest.raises(ModelFolderError, match="File name too long"):
        load_model(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "a\\b", "", "a\0b"])
def test_seal_cannot_reach_outside(folder, name):
    (folder.parent / "secret").write_text("x")
    content = json.loads((folder / SEAL).read_text())
    content["files"][name] = "00"
    (folder / SEAL).write_text(json.dumps(content))
    with pytest.raises(ModelFolderError, match="cannot be read as a seal"):
        load_model(folder)


def test_a_link_is_not_a_file(folder):
    shutil.move(folder / "model.json", folder.parent / "elsewhere.json")
    (folder / "model.json").symlink_to(folder.parent / "elsewhere.json")
    with pytest.raises(ModelFolderError, match="missing"):
        load_model(folder)


def test_seal_covers_folders_inside(tmp_path):
    (tmp_path / "f" / "in").mkdir(parents=True)
    (tmp_path / "f" / "in" / "a").write_text("1")
    seal(tmp_path / "f")
    verify(tmp_path / "f", ("in/a",))
    (tmp_path / "f" / "in" / "a").write_text("2")
    with pytest.raises(ModelFolderError, match="in/a was altered"):
        verify(tmp_path / "f", ("in/a",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 99}, "format 99"),
        ({"format": "new"}, "format"),
        ({"surprise": 1}, "surprise"),
        ({"data": None}, "data"),
    ],
)
def test_unknown_format_is_refused(folder, changes, words):
    rewrite_meta(folder, **changes)
    with pytest.raises(ModelFolderError, match=words):
        read_meta(folder)


def test_unknown_fusion_lists_the_known_ones(folder):
    ranker = json.loads((folder / "model.json").read_text())["ranker"]
    rewrite_meta(folder, ranker=ranker | {"fusion": "summ"})
    with pytest.raises(ModelFolderError, match=r"unknown fusion 'summ'.*concat"):
        load_model(folder)


@pytest.mark.parametrize("change", [{"width": 8}, {"scorer": "attention"}, {"modalities": [{}]}, {"new_key": 1}, {"width": "wide"}])
def test_weights_that_do_not_fit_are_refused(folder, change):
    ranker = json.loads((folder / "model.json").read_text())["ranker"]
    rewrite_meta(folder, ranker=ranker | change)
    with pytest.raises(ModelFolderError, match="do not fit"):
        load_model(folder)


def test_missing_tensor_is_refused(folder):
    weights = load_file(folder / "weights.safetensors")
    weights.pop("prior.weight")
    save_file(weights, folder / "weights.safetensors")
    seal(folder)
    with pytest.raises(ModelFolderError, match=r"prior\.weight"):
        load_model(folder)


def test_garbage_weights_with_a_good_seal_are_refused(folder):
    (folder / "weights.safetensors").write_bytes(b"\x80\x04garbage")
    seal(folder)
    with pytest.raises(ModelFolderError, match="do not fit"):
        load_model(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_neither_written_nor_read(folder, tmp_path, value):
    ranker, meta = make()
    with torch.no_grad():
        ranker.prior.weight[0, 0] = value
    with pytest.raises(ModelFolderError, match="not finite"):
        save_model(tmp_path / "new", ranker, meta)
    assert not (tmp_path / "new").exists()
    save_file(ranker.state_dict(), folder / "weights.safetensors")
    seal(folder)
    with pytest.raises(ModelFolderError, match="not finite"):
        load_model(folder)


def test_meta_of_another_ranker_is_not_written(tmp_path):
    with pytest.raises(ModelFolderError, match="another ranker"):
        save_model(tmp_path / "m", make("sum")[0], make("concat")[1])


def test_a_failed_save_leaves_the_old_model(folder, monkeypatch):
    monkeypatch.setattr("fuserank.model_folder.render_card", lambda meta: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_model(folder, *make("concat"))
    assert load_model(folder)[1].name == "sum+sequence"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


class Stub:
    def __init__(self, name, info):
        self.name = name
        self.encoder = None if info is None else type("E", (), {"info": info})()


def test_encoders_must_be_those_of_the_training():
    meta = make()[1]
    check_encoders(meta, [Stub("text", TEXT), Stub("lexical", None)])
    for modalities in (
        [],
        [Stub("text", EncoderInfo("words", "2", 3, "MIT", "ab" * 32))],
        [Stub("text", TEXT), Stub("image", EncoderInfo("pixels", "1", 3, "MIT"))],
        [Stub("text", EncoderInfo("words", "1", 3, "MIT", "cd" * 32))],
    ):
        with pytest.raises(StaleFeatureError, match="installed encoder"):
            check_encoders(meta, modalities)
