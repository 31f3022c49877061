"""Fixtures that several folders of tests share: media made on the spot, and a cache for exported models."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from fuserank.data.sample import build_sample
from fuserank.encoders.hub_folder import HubFolder, locate
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import slates_of
from fuserank.settings import load_settings
from fuserank.slates import Features, Slate
from tests import hub_models


@pytest.fixture(scope="session")
def onnx_cache(request: pytest.FixtureRequest) -> Path:
    """Models exported once and kept in pytest's own cache; `--cache-clear` exports them anew."""
    return request.config.cache.mkdir("fuserank-onnx")


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Bytes of a picture: a filled circle of a colour on a ground."""
    from PIL import Image, ImageDraw

    def make(colour="red", ground="white", size=(96, 64), kind="PNG", mode="RGB", **options) -> bytes:
        image = Image.new("RGB", size, ground)
        ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill=colour)
        buffer = io.BytesIO()
        image.convert(mode).save(buffer, kind, **options)
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def tone() -> Callable[..., bytes]:
    """Bytes of a sound: a steady or warbling tone."""
    import soundfile

    def make(hertz=440.0, seconds=0.4, rate=16_000, wobble=0.0, kind="WAV", subtype="PCM_16", channels=1) -> bytes:
        time = np.arange(int(seconds * rate)) / rate
        samples = 0.5 * np.sin(2 * np.pi * hertz * time + wobble * np.sin(2 * np.pi * 8 * time))
        buffer = io.BytesIO()
        soundfile.write(buffer, np.repeat(samples[:, None], channels, axis=1), rate, format=kind, subtype=subtype)
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HubFolder]:
    """Encoders of the user's own, by setting: a tiny CLIP with random weights for `joint`."""
    path = hub_models.clip(tmp_path_factory.mktemp("own") / "tiny-clip")
    (path / "README.md").write_text("---\nlicense: MIT\n---\n")
    return {"joint": locate(str(path))}


# A busy machine is no failure: neither 200 ms for an example, nor 20 s for Prefect's server of a flow.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "180"


@dataclass(frozen=True)
class Tiny:
    """A small sample store, its features, and its training, validation and test slates."""

    job: Job
    features: Features
    slates: tuple[list[Slate], list[Slate], list[Slate]]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, onnx_cache: Path) -> Tiny:
    """60 products, 24 queries; features are extracted once for all tests."""
    root = tmp_path_factory.mktemp("tiny")
    (root / "home").mkdir()
    (root / "home" / "encoders").symlink_to(onnx_cache)
    build_sample(root / "data", products=60, queries=24)
    job = Job(root / "data", load_settings(home=root / "home", reports=root / "reports"))
    features, _ = extract(job)
    return Tiny(job, features, slates_of(job, features))
