"""What is asked: requests by number, each with a text of its own, so that no cache knows it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np

from tests.benchmarks.query_encoding import CHINESE, ENGLISH, photo
from tests.benchmarks.retrieval import drawn_words
from tests.benchmarks.serving.blocks import Body
from tests.benchmarks.serving.shops import english_words

CHARACTERS = "红蓝绿白黑大小新旧男女童鞋衣裤裙帽包杯灯"


class Texts:
    """Three words for each number, drawn as the words of the products are."""

    def __init__(self) -> None:
        words = list(english_words().values())
        ranks = drawn_words(np.random.default_rng(7), 50_000, len(words))["title"][:, :3]
        self._texts = [" ".join(words[rank] for rank in row) for row in ranks.tolist()]

    def __call__(self, number: int) -> str:
        return f"{self._texts[number % len(self._texts)]} {number}"


def ranking(texts: Texts, ids: Sequence[str], count: int) -> Body:
    """/v1/rank with `count` candidates, other ones for each number."""

    def body(number: int) -> dict:
        start = number * 7919 % len(ids)
        candidates = [*ids[start : start + count], *ids[: max(0, start + count - len(ids))]]
        return {"query": {"text": texts(number)}, "candidates": candidates}

    return body


def chinese(number: int) -> dict:
    """/v1/search in Chinese: words of a shop and two characters that change."""
    words = CHINESE.split()
    first, second = (CHARACTERS[n % len(CHARACTERS)] for n in divmod(number, len(CHARACTERS)))
    text = f"{first}{second}{words[number % len(words)]}{words[number // 3 % len(words)]}{number}"
    return {"query": {"text": text, "locale": "zh"}}


def english(number: int) -> dict:
    """/v1/search in English, as many words."""
    words = ENGLISH.split()
    return {"query": {"text": f"{words[number % len(words)]} {words[number // 3 % len(words)]} {number}", "locale": "en"}}


class Pictures:
    """/v1/search with a JPEG of one megapixel; bytes behind its end make it another one for each number."""

    def __init__(self) -> None:
        self._jpeg = photo((1155, 866), "JPEG")

    def __call__(self, number: int) -> dict:
        return {"query": {"image": base64.b64encode(self._jpeg + number.to_bytes(8)).decode()}}


class Voices:
    """/v1/search with three seconds of speech of the sample store, louder or softer for each number."""

    def __init__(self, job) -> None:
        audio = next(m for m in job.modalities if m.name == "audio")
        clips = [audio.encoder.prepare(job.dataset.media.get(q.audio)) for q in job.dataset.queries if q.audio][:30]
        self._sound = np.resize(np.concatenate(clips), 3 * 16_000)

    def __call__(self, number: int) -> dict:
        import soundfile

        buffer = io.BytesIO()
        soundfile.write(buffer, self._sound * (0.5 + 0.5 / (1 + number % 1000)), 16_000, format="WAV", subtype="PCM_16")
        return {"query": {"audio": base64.b64encode(buffer.getvalue()).decode()}}
