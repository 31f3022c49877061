"""Fine-tuning: only the last blocks move, they learn what judgments say, and the folder serves like any encoder of one's own."""

import json

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from fuserank.encoders.efficientnet import ARCHITECTURE, SHIPPED, EfficientNetLite0, load_torch
from fuserank.encoders.hub_folder import locate
from fuserank.errors import InputError, SettingsError
from fuserank.finetuning import CUT, FinetuningKnobs, finetune, listwise
from fuserank.modalities import make_modalities
from fuserank.modalities.own import folders_of
from fuserank.pipeline.finetune import finetune_pictures, judged_photos
from fuserank.pipeline.job import Job

KNOBS = FinetuningKnobs(epochs=12, crops=2, batch=4, device="cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights after a few steps on photos of two products, red and blue, and the loss of each epoch."""
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 60, (8, 224, 224, 3), np.uint8)
    photos[:4, ..., 0] += 180
    photos[4:, ..., 2] += 180
    grades = csr_array(np.array([[3, 1]] * 4 + [[0, 2]] * 4, np.float32))
    losses: list[float] = []
    scratch = tmp_path_factory.mktemp("scratch")
    weights = finetune(lambda i: photos[i], grades, KNOBS, scratch=scratch, on_epoch=lambda _, loss: losses.append(loss))
    assert not list(scratch.iterdir())
    return weights, losses


@pytest.fixture(scope="module")
def job(tiny, tmp_path_factory):
    """The tiny store, with a home of its own and the shortest fine-tuning."""
    home = tmp_path_factory.mktemp("home")
    short = tiny.job.settings.finetuning.model_copy(update={"epochs": 1, "crops": 1})
    return Job(tiny.job.data, tiny.job.settings.model_copy(update={"home": home, "finetuning": short}))


@pytest.fixture(scope="module")
def finetuned(job):
    return finetune_pictures(job)


def test_only_the_last_blocks_move_and_normalisation_keeps_its_statistics(trained):
    weights, before = trained[0], load_torch().state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, weights[name])}
    assert weights.keys() == before.keys()
    last = tuple(f"_blocks.{block}." for block in range(CUT, 16))
    assert {name for name in moved if name.startswith("_blocks.")} >= {f"_blocks.{CUT}._expand_conv.weight"}
    assert all(name.startswith((*last, "_conv_head.", "_bn1.")) for name in moved)
    assert not any("running" in name or "num_batches" in name for name in moved)


def test_the_judgments_are_learned(trained):
    losses = trained[1]
    assert losses[-1] < 0.7 * losses[0], losses


def test_the_loss_is_least_where_the_best_product_is_certain():
    grades = torch.tensor([[3.0, 1.0, 0.0]])
    losses = [float(listwise(torch.tensor([logits]), grades)) for logits in ([9.0, 7.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 9.0])]
    assert losses == sorted(losses)
    assert losses[1] == pytest.approx(1.3 * np.log(3), rel=1e-6)


def test_photos_of_other_splits_and_without_judgments_are_left_out(tiny):
    data = tiny.job.dataset
    pictures, grades = judged_photos(data, lambda digest: np.zeros(3))
    wanted = [q for q in data.queries if q.image and q.split == "train" and any(data.qrels.get(q.query_id, {}).values())]
    assert pictures == [q.image for q in wanted]
    assert grades.shape[0] == len(pictures) > 0
    assert (grades.max(axis=1).toarray() > 0).all()
    others = {q.image for q in data.queries if q.split != "train"}
    assert not others & set(pictures)


def test_the_folder_is_an_encoder_like_any_other(finetuned, job, onnx_cache, picture):
    folder = locate(str(finetuned.folder))
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
    assert finetune_pictures(job) == finetuned


def test_other_settings_give_another_folder(finetuned, job):
    other = job.settings.finetuning.model_copy(update={"seed": 1})
    again = finetune_pictures(Job(job.data, job.settings.model_copy(update={"finetuning": other})))
    assert again.folder != finetuned.folder
    assert (again.folder / "model.safetensors").read_bytes() != (finetuned.folder / "model.safetensors").read_bytes()


def test_weights_of_another_network_are_refused(tmp_path, onnx_cache):
    from safetensors.torch import save_file

    (tmp_path / "config.json").write_text(json.dumps({"model_type": ARCHITECTURE}))
    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    (modality,) = make_modalities(["image"], cache=onnx_cache, own={"image": locate(str(tmp_path))})
    with pytest.raises(SettingsError, match="cannot be loaded"):
        modality.encoder.feature_maps(np.zeros((1, 224, 224, 3), np.uint8))


def test_without_photos_there_is_nothing_to_learn(job, monkeypatch):
    monkeypatch.setattr("fuserank.pipeline.finetune.judged_photos", lambda *_: ([], csr_array((0, 0))))
    with pytest.raises(InputError, match="0 judged photos"):
        finetune_pictures(job)
