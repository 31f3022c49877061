"""Requests that make every encoder load its weights, so that no shopper waits for them."""

from __future__ import annotations

import io

import numpy as np

from fuserank.messages import SearchRequest, ShopperQuery


def warming_requests() -> list[SearchRequest]:
    """One request with words and a grey picture, and one with a tone alone, which is listened to for words."""
    import soundfile
    from PIL import Image

    picture, sound = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (32, 32), (128, 128, 128)).save(picture, "PNG")
    soundfile.write(sound, 0.1 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 16_000), 16_000, format="WAV", subtype="PCM_16")
    queries = ShopperQuery(text="warm", image=picture.getvalue()), ShopperQuery(audio=sound.getvalue())
    return [SearchRequest(query=query, k=1) for query in queries]
