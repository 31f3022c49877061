"""`fuserank finetune`: which photos and grades count, when it trains again, and a folder that serves like any of one's own."""

import ast
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import fuserank
from fuserank import cli
from fuserank.data.dataset import Manifest, write_dataset
from fuserank.data.media import media_hash
from fuserank.encoders.efficientnet import ARCHITECTURE, SHIPPED, EfficientNetLite0
from fuserank.encoders.hub_folder import WEIGHTS, locate
from fuserank.errors import InputError, SettingsError
from fuserank.finetuning import Tuned
from fuserank.modalities import make_modalities
from fuserank.modalities.own import folders_of
from fuserank.pipeline import finetune as pipeline
from fuserank.pipeline.finetune import SOURCES, Finetuned, finetune_pictures, judged_photos
from fuserank.pipeline.job import Job
from fuserank.settings import load_settings
from fuserank.types import Judgment, Product, Query

BROKEN = b"\x89PNG\r\n\x1a\n" + b"no picture"
PHOTOS = {  # query: split, picture, grades
    "red1": ("train", "red", {"r": 3, "b": 1, "x": 0}),
    "red2": ("train", "crimson", {"r": 2, "held_out": 3}),
    "blue1": ("train", "blue", {"b": 3}),
    "blue2": ("train", "navy", {"b": 3}),
    "unreadable": ("train", "broken", {"only_here": 3}),
    "lost": ("train", "missing", {"r": 3}),
    "of a product held out": ("train", "green", {"held_out": 3, "unseen": 2}),
    "of grade 0": ("train", "lime", {"r": 0}),
    "not judged": ("train", "gold", {}),
    "words": ("train", None, {"r": 3}),
    "validation": ("val", "pink", {"r": 3, "held_out": 3}),
    "test": ("test", "orange", {"b": 3}),
}
SPLITS = {"r": None, "b": "train", "x": None, "only_here": None, "held_out": "val", "unseen": "test"}


def write_shop(root, picture, photos):
    """A dataset of these photos; the one called broken does not decode, the one called missing is not there."""
    media = {name: picture(name) for _, name, _ in photos.values() if name not in (None, "broken", "missing")}
    media |= {"broken": BROKEN}
    hashes = {name: media_hash(data) for name, data in media.items()} | {"missing": "0" * 64, None: None}
    return write_dataset(
        root,
        Manifest(name="shop"),
        products=[Product(name, name, split=split) for name, split in SPLITS.items()],
        queries=[Query(query, text=query, image=hashes[name], split=split) for query, (split, name, _) in photos.items()],
        judgments=[Judgment(query, product, g, "human") for query, (*_, grades) in photos.items() for product, g in grades.items()],
        media=media.values(),
    )


def run_cli(data, home):
    """`fuserank finetune data` in this process with the shortest training; gives the exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSERANK_HOME", str(home))
        patch.setenv("FUSERANK_FINETUNING__EPOCHS", "1")
        patch.setenv("FUSERANK_FINETUNING__CROPS", "1")
        patch.setattr(sys, "argv", ["fuserank", "finetune", str(data)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return ended.value.code or 0


def made(home):
    """Encoder folders; names with a dot are the program's own."""
    return [path for path in (home / "finetuned").iterdir() if not path.name.startswith(".")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory, picture):
    """The dataset, fine-tuned once by the command: the job, what was found, and how often each picture was decoded."""
    root = tmp_path_factory.mktemp("shop")
    data = write_shop(root / "data", picture, PHOTOS)
    decoded: Counter[str] = Counter()

    def counting(content, *rest, **caps):
        decoded[media_hash(content)] += 1
        return decode(content, *rest, **caps)

    decode = pipeline.decode_picture
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "decode_picture", counting)
        assert run_cli(data.root, root / "home") == 0
    (folder,) = made(root / "home")
    settings = load_settings(home=root / "home", finetuning={"epochs": 1, "crops": 1})
    return SimpleNamespace(job=Job(data.root, settings), found=Finetuned(folder, 4, 2), decoded=decoded)


@pytest.fixture
def no_training(monkeypatch):
    """Whatever reads a photo or trains fails."""
    for name in ("finetune", "judged_photos"):
        monkeypatch.setattr(pipeline, name, lambda *_, **__: pytest.fail("fine-tuned again"))


def with_settings(job, **sections):
    changed = {name: getattr(job.settings, name).model_copy(update=values) for name, values in sections.items()}
    return Job(job.data, job.settings.model_copy(update=changed))


def test_only_grades_and_photos_that_training_may_see_count(shop):
    asked = []
    hashes = {query.query_id: query.image for query in shop.job.dataset.queries}

    def read(digest):
        asked.append(digest)
        return np.zeros(3)

    photos = list(judged_photos(shop.job.dataset, read))
    wanted = ["red1", "red2", "blue1", "blue2", "unreadable", "lost"]
    assert asked == [hashes[query] for query in wanted]
    assert [grades for _, grades in photos] == [{"r": 3, "b": 1}, {"r": 2}, {"b": 3}, {"b": 3}, {"only_here": 3}, {"r": 3}]


def test_a_photo_that_does_not_decode_or_is_not_there_is_left_out_with_its_grades(shop):
    grades = [grades for _, grades in judged_photos(shop.job.dataset, pipeline._reader(shop.job))]
    assert grades == [{"r": 3, "b": 1}, {"r": 2}, {"b": 3}, {"b": 3}]


def test_photos_are_decoded_once(shop):
    assert set(shop.decoded.values()) == {1}
    assert len(shop.decoded) == 5  # the broken one too


def test_the_command_prints_the_setting_and_does_not_train_again(shop, no_training, capsys):
    assert run_cli(shop.job.data, shop.job.settings.home) == 0
    assert capsys.readouterr().out == (
        f'4 photos of 2 products; to use it, in pyproject.toml:\n[tool.fuserank.features.encoders]\nimage = "{shop.found.folder}"\n'
    )


def test_without_a_judged_photo_the_command_refuses_in_one_line(tmp_path, picture, capsys):
    unjudged = {query: (split, name, {}) for query, (split, name, _) in PHOTOS.items()}
    assert run_cli(write_shop(tmp_path / "data", picture, unjudged).root, tmp_path / "home") == 2
    said = capsys.readouterr().err
    assert "error: 0 judged photos of 0 products among the training queries" in said
    assert "next: add queries with pictures" in said and "Traceback" not in said
    assert not made(tmp_path / "home")


@pytest.mark.parametrize("modalities", [("text", "image"), ("text", "words", "image")])
def test_other_modalities_find_what_was_made(shop, no_training, modalities):
    assert finetune_pictures(with_settings(shop.job, features={"modalities": modalities})) == shop.found


def test_what_was_made_is_found_when_its_setting_was_pasted(shop, no_training):
    encoders = shop.job.settings.features.encoders.model_copy(update={"image": str(shop.found.folder)})
    pasted = with_settings(shop.job, features={"encoders": encoders})
    (image,) = [modality for modality in pasted.modalities if modality.name == "image"]
    assert image.encoder.info.key != SHIPPED.key
    assert finetune_pictures(pasted) == shop.found


WITHOUT_EFFECT = {"errors.py", "devices.py"}  # on what is computed


def test_a_change_of_any_source_that_trains_trains_again():
    root = Path(fuserank.__file__).parent
    for name in ("finetuning.py", "frozen_maps.py"):
        imports = [node for node in ast.walk(ast.parse((root / name).read_text())) if isinstance(node, ast.ImportFrom)]
        modules = [node.module.split(".")[1:] for node in imports if node.module.startswith("fuserank.")]
        assert {name, *("/".join(module) + ".py" for module in modules)} - WITHOUT_EFFECT <= set(SOURCES)


def test_the_folder_is_an_encoder_like_any_other(shop, onnx_cache, picture):
    folder = locate(str(shop.found.folder))
    (modality,) = make_modalities(["image"], cache=onnx_cache, own={"image": folder})
    encoder = modality.encoder
    assert isinstance(encoder, EfficientNetLite0)
    assert encoder.info.dim == SHIPPED.dim
    assert encoder.info.key != SHIPPED.key
    assert folder.licence == "apache-2.0"
    assert modality.pair_names == ("cosine", "colour_cosine")
    assert folders_of([modality]) == {"image": folder}
    prepared = [encoder.prepare(picture())]
    pooled = encoder.feature_maps(prepared[0].pixels[None]).mean((2, 3))
    ours = encoder.encode(prepared)[0, :1280]
    assert float(ours @ pooled[0].numpy()) / np.linalg.norm(ours) / float(pooled.norm()) > 0.9999


def test_other_settings_give_another_folder(shop):
    again = finetune_pictures(with_settings(shop.job, finetuning={"seed": 1}))
    assert again == replace(shop.found, folder=again.folder)
    assert again.folder != shop.found.folder
    assert (again.folder / "model.safetensors").read_bytes() != (shop.found.folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("harm", ["cut", "emptied", "replaced by a file"])
def test_what_is_damaged_is_made_anew_and_what_a_killed_run_left_is_cleared(shop, monkeypatch, tmp_path, harm):
    home = tmp_path / "home"
    shutil.copytree(shop.job.settings.home / "finetuned", home / "finetuned")
    folder, left = home / "finetuned" / shop.found.folder.name, home / "finetuned" / pipeline.SCRATCH / "tmp123"
    left.mkdir(parents=True)
    weights = {name: weight.clone() for name, weight in load_file(folder / WEIGHTS).items()}  # not mapped: it is cut below
    if harm == "cut":
        os.truncate(folder / WEIGHTS, 100)
    else:
        shutil.rmtree(folder)
        folder.mkdir() if harm == "emptied" else folder.write_text("half")
    monkeypatch.setattr(pipeline, "finetune", lambda *_, **__: Tuned(weights, 4, 2))
    job = Job(shop.job.data, shop.job.settings.model_copy(update={"home": home}))
    assert finetune_pictures(job) == Finetuned(folder, 4, 2)
    assert load_file(folder / WEIGHTS).keys() == weights.keys() and not left.exists()


def test_weights_that_are_not_finite_are_not_written(shop, monkeypatch):
    broken = {"weight": torch.tensor([1.0, float("nan")])}
    monkeypatch.setattr(pipeline, "finetune", lambda *_, **__: Tuned(broken, 4, 2))
    before = made(shop.job.settings.home)
    with pytest.raises(InputError, match=r"diverged.*next: lower finetuning.learning_rate"):
        finetune_pictures(with_settings(shop.job, finetuning={"seed": 2}))
    assert made(shop.job.settings.home) == before


def test_weights_of_another_network_are_refused(tmp_path, onnx_cache):
    from safetensors.torch import save_file

    (tmp_path / "config.json").write_text(json.dumps({"model_type": ARCHITECTURE}))
    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    (modality,) = make_modalities(["image"], cache=onnx_cache, own={"image": locate(str(tmp_path))})
    with pytest.raises(SettingsError, match="cannot be used"):
        modality.encoder.feature_maps(np.zeros((1, 224, 224, 3), np.uint8))
