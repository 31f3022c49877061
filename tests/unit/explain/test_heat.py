"""Grad-CAM: the gradient is the ranker's own, other pictures are refused, and the overlay stays small."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from fuserank.encoders.efficientnet import POOLED
from fuserank.errors import InputError, StaleFeatureError
from fuserank.explain.grad_cam import Heat, grad_cam
from fuserank.explain.heat_picture import MOST_BYTES, overlay
from fuserank.explain.picture_heat import product_heat, query_heat


@pytest.fixture(scope="module")
def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture(size=(224, 224)))).convert("RGB"))


@pytest.fixture(scope="module")
def encoder(tiny):
    return next(m for m in tiny.features.modalities if m.name == "image").encoder


@pytest.fixture(scope="module")
def maps(encoder, pixels):
    return encoder.feature_maps(pixels[None])[0]


@pytest.fixture(scope="module")
def vector(encoder, picture):
    return torch.from_numpy(encoder.encode([encoder.prepare(picture(size=(224, 224)))])[0])


def test_a_logit_that_reads_one_feature_glows_where_that_feature_is(pixels, maps, vector):
    """The class activation map by hand: for y = a feature, heat is that feature's map up to the share of the mean's length."""
    k = int(maps.mean((1, 2)).argmax())
    heat = grad_cam(pixels, maps, vector, lambda v, p: v[k] + 0 * p.sum(), torch.zeros(1))
    pooled = maps.mean((1, 2))
    unit = pooled / pooled.norm()
    weights = -unit[k] * unit
    weights[k] += 1
    by_hand = torch.relu((weights[:, None, None] * maps).sum(0))
    assert np.allclose(heat.heat, by_hand / by_hand.max(), atol=1e-4)
    assert heat.covered == 1.0


def test_pair_scores_count_as_much_as_the_vector_itself(pixels, maps, vector):
    """The same logit said through the vector, and through a pair score, has the same heat."""
    direction = torch.from_numpy(np.random.default_rng(0).normal(size=len(vector)).astype(np.float32))
    through_vector = grad_cam(pixels, maps, vector, lambda v, p: v @ direction + 0 * p.sum(), torch.zeros(1))
    through_pair = grad_cam(
        pixels, maps, vector, lambda v, p: p[0] + 0 * v.sum(), torch.zeros(1), [0], lambda rows: rows @ direction.numpy()[:, None]
    )
    assert np.allclose(through_vector.heat, through_pair.heat, atol=1e-2)
    assert through_vector.covered == pytest.approx(through_pair.covered, abs=1e-3)
    assert 0 < through_vector.covered < 1


def test_colours_have_no_place(pixels, maps, vector):
    heat = grad_cam(pixels, maps, vector, lambda v, p: v[POOLED:].sum() + 0 * p.sum(), torch.zeros(1))
    assert (heat.covered, heat.heat.max()) == (0.0, 0.0)


@pytest.mark.parametrize("scorer", ["sequence", "attention_sequence"])
def test_product_and_query_pictures(tiny, shaken, probe_of, pictured, with_picture, scorer):
    (slate, asked), products = pictured, {p.product_id: p for p in tiny.job.dataset.products}
    probe = probe_of(shaken("concat", scorer), slate)
    position = with_picture(probe)
    shown = tiny.job.dataset.media.get(products[tiny.features.catalogue.product_ids[slate.rows[position]]].image)
    for heat in (product_heat(probe, position, shown), query_heat(probe, position, asked)):
        assert heat.heat.shape == (7, 7) and heat.heat.max() in (0.0, 1.0) and heat.heat.min() >= 0
        assert 0 <= heat.covered <= 1
    assert all(parameter.grad is None for parameter in probe.ranker.parameters())


def test_another_picture_is_refused(trained, probe_of, pictured, with_picture, picture):
    probe = probe_of(trained, pictured[0])
    with pytest.raises(StaleFeatureError, match="cosine"):
        product_heat(probe, with_picture(probe), picture("green", "black"))


def test_what_has_no_picture_is_refused(trained, probe_of, worded, tiny, picture):
    images = {q.query_id for q in tiny.job.dataset.queries if q.image}
    assert tiny.features.queries.query_ids[worded.query] not in images
    probe = probe_of(trained, worded)
    with pytest.raises(InputError, match="has no picture"):
        query_heat(probe, 0, picture())
    column = [m.name for m in tiny.features.modalities].index("image")
    without = np.flatnonzero(~probe.slate.present[:, column])
    if len(without):
        with pytest.raises(InputError, match="has no picture"):
            product_heat(probe, int(without[0]), picture())


def test_the_overlay_is_a_small_png_that_glows_where_it_is_hot():
    hot = np.zeros((7, 7), np.float32)
    hot[1, 5] = 1
    noise = np.random.default_rng(0).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    assert len(overlay(Heat(noise, hot, 1.0))) <= MOST_BYTES
    shown = np.asarray(Image.open(io.BytesIO(overlay(Heat(np.full_like(noise, 120), hot, 1.0)))).convert("RGB")).astype(int)
    glow = shown[..., 0] - shown[..., 2]
    assert shown.shape == (224, 224, 3) and glow[40:56, 168:184].mean() > 60 and abs(glow[160:, :100].mean()) < 5
