"""Vectors of fixed inputs, as the versions named here gave them: our own values, on an x86-64 CPU.

A change of preprocessing or features that moves them needs a new version in the encoder's identity, or stores and models would
mix old vectors with new ones. Then write the new fingerprint under the new key.
"""

import numpy as np
import pytest

from fuserank.modalities import make_modalities
from fuserank.settings import FeatureSettings

FINGERPRINTS = {
    "minilm-l6-v2@0.1.0+1": [-1.7417, -1.7602, 0.5006, 0.7699, 0.936, 0.6918],
    "minilm-l6-v2-tokens@0.1.0+1": [-2.7718, -0.0063, 0.2843, 1.2366, -0.2071, 1.8329],
    "use-multilingual-v3@0.2.1+1": [1.736, -0.3268, 0.3978, 1.2876, -0.5052, 0.0006],
    "efficientnet-lite0@0.1.0+1": [0.7993, 0.3437, -0.7989, -0.5654, 0.135, 0.185],
    "sound-whisper-tiny.en@0.1.0+2": [0.6585, -0.4506, -0.8339, -2.2161, 0.0497, 0.8031],
    "word-sketch@2": [0.8903, -1.2805, -0.3903, 0.1625, -0.2764, -0.0528],
    "numbers@1": [1.2521, 6.5505, 6.5505, -0.0505, 5.2479, 5.2479],
}


def fingerprint(vectors):
    """Six sums of a vector with random signs, which any change of it moves."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(vectors.shape[1], 6))
    return vectors.mean(axis=0) @ signs


NAMES = [name for name in (*FeatureSettings().modalities, "text_tokens") if name not in {"lexical", "history"}]


@pytest.mark.parametrize("name", NAMES)
def test_vectors_change_only_with_the_version(name, onnx_cache, picture, tone):
    (modality,) = make_modalities([name], cache=onnx_cache)
    inputs = {
        "image": [picture(colour="red"), picture(colour="navy", ground="gray", size=(300, 500))],
        "audio": [tone(hertz=150), tone(hertz=700, wobble=6, rate=44_100, channels=2, seconds=1.1)],
        "numeric": [(9.0, 4.5, 99.0), (None, 2.0, 1.0)],
    }.get(name, ["Red cotton shirt.  Soft &amp; warm", "红色 连衣裙"])
    encoder = modality.encoder
    vectors = encoder.encode([encoder.prepare(value) for value in inputs])
    assert encoder.info.key in FINGERPRINTS, f"no fingerprint of this version: {np.round(fingerprint(vectors), 4).tolist()}"
    tolerance = 0.05 if name == "audio" else 5e-3  # Whisper runs in int8, which processors of other families round otherwise
    assert fingerprint(vectors) == pytest.approx(FINGERPRINTS[encoder.info.key], abs=tolerance)
