"""Fine-tuning: only the last blocks move, they learn what judgments say, and any number of steps trains."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from torch import nn

from fuserank import frozen_maps as frozen
from fuserank.encoders.efficientnet import load_torch
from fuserank.errors import InputError
from fuserank.finetuning import SAMPLE, WARM_UP, FinetuningKnobs, example_features, finetune, listwise, rate_share, train_blocks
from fuserank.frozen_maps import AT_ONCE, CUT, MAPS, frozen_maps

KNOBS = FinetuningKnobs(epochs=12, crops=2, batch=4, device="cpu")
CPU = torch.device("cpu")


def photos_of_red_and_blue():
    """Four photos of each; a photo of red has a product of grade 3 and one of grade 1."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (8, 224, 224, 3), np.uint8)
    pixels[:4, ..., 0] += 180
    pixels[4:, ..., 2] += 180
    return list(zip(pixels, [{"red": 3, "blue": 1}] * 4 + [{"blue": 2}] * 4, strict=True))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What a few steps on photos of two products give, and the loss of each epoch."""
    losses: list[float] = []
    scratch = tmp_path_factory.mktemp("scratch")
    tuned = finetune(iter(photos_of_red_and_blue()), KNOBS, scratch=scratch, on_epoch=lambda _, loss: losses.append(loss))
    assert not list(scratch.iterdir())
    return tuned, losses


def test_only_the_last_blocks_move_and_normalisation_keeps_its_statistics(trained):
    weights, before = trained[0].weights, load_torch().state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, weights[name])}
    assert weights.keys() == before.keys()
    last = tuple(f"_blocks.{block}." for block in range(CUT, 16))
    assert {name for name in moved if name.startswith("_blocks.")} >= {f"_blocks.{CUT}._expand_conv.weight"}
    assert all(name.startswith((*last, "_conv_head.", "_bn1.")) for name in moved)
    assert not any("running" in name or "num_batches" in name for name in moved)


def test_the_judgments_are_learned(trained):
    tuned, losses = trained
    assert (tuned.photos, tuned.products) == (8, 2)
    assert losses[-1] < 0.7 * losses[0], losses


@pytest.mark.parametrize(("photos", "products"), [(0, 0), (1, 2), (3, 1)])
def test_too_few_photos_or_products_are_refused(tmp_path, monkeypatch, photos, products):
    monkeypatch.setattr(frozen, "_frozen", lambda *_: lambda pixels: np.zeros((len(pixels), *MAPS), np.float32))
    grades = {f"p{number}": 1 for number in range(products)}
    with pytest.raises(InputError, match=f"{photos} judged photos of {products} products.*at least 2 of each.*next: "):
        finetune([(np.zeros((224, 224, 3), np.uint8), grades)] * photos, KNOBS, scratch=tmp_path)


def test_maps_are_those_of_the_eager_network_and_the_first_crop_is_the_whole_photo(tmp_path):
    network = load_torch()
    pixels = [photo for photo, _ in photos_of_red_and_blue()][::3]
    maps = frozen_maps(iter(pixels), 1, np.random.default_rng(0), network, tmp_path)
    scaled = torch.from_numpy((np.stack(pixels).astype(np.float32).transpose(0, 3, 1, 2) - 127) / 128)
    with torch.no_grad():
        expected = network._swish(network._bn0(network._conv_stem(scaled)))
        for block in network._blocks[:CUT]:
            expected = block(expected)
    assert maps.shape == (3, 1, *MAPS)
    np.testing.assert_allclose(maps[:, 0], expected.numpy(), rtol=0.01, atol=0.01)


@pytest.mark.parametrize("crops", [1, 3, AT_ONCE + 1])
def test_maps_are_made_of_few_photos_at_once_and_stay_in_order(tmp_path, monkeypatch, crops):
    sizes = []

    def run(pixels):
        sizes.append(len(pixels))
        return np.broadcast_to(pixels[:, :1, :1, :1].astype(np.float32), (len(pixels), *MAPS))

    monkeypatch.setattr(frozen, "_frozen", lambda *_: run)
    photos = (np.full((224, 224, 3), number, np.uint8) for number in range(40 // crops + 2))
    maps = frozen_maps(photos, crops, np.random.default_rng(0), None, tmp_path)
    assert max(sizes) <= max(AT_ONCE, crops) and sum(sizes) == len(maps) * crops
    assert [set(np.unique(of_photo)) for of_photo in maps] == [{number} for number in range(len(maps))]


def test_the_standardiser_sees_photos_of_every_class_however_the_file_is_sorted():
    sizes = []

    class Means(nn.Module):
        def forward(self, maps):
            assert not torch.is_grad_enabled()
            sizes.append(len(maps))
            return maps.mean((2, 3))

    of_class = np.repeat([0, 1], 300).astype(np.float16)[:, None, None, None, None]
    maps = np.broadcast_to(of_class, (600, 2, *MAPS))
    example = example_features(Means(), maps, np.random.default_rng(0), CPU)
    assert example.shape == (SAMPLE, MAPS[0])
    assert max(sizes) <= AT_ONCE
    assert example.mean() == pytest.approx(0.5, abs=0.1)
    assert len(example_features(Means(), maps[:40], np.random.default_rng(0), CPU)) == 40


@pytest.mark.parametrize("steps", [1, 2, 10, 15, 664])
def test_the_learning_rate_rises_for_a_tenth_of_the_steps_and_falls_to_0(steps):
    shares = [rate_share(step, steps) for step in range(steps + 1)]
    peak = int(np.argmax(shares))
    assert shares[0] > 0 and shares[-1] == 0
    assert shares[peak] > 0.95
    assert peak <= max(0, round(WARM_UP * steps))
    assert (np.diff(shares[: peak + 1]) > 0).all() and (np.diff(shares[peak:]) < 0).all()


@pytest.mark.parametrize("epochs", [1, 10])
def test_one_step_and_ten_steps_train(epochs):
    network, before = load_torch(), load_torch().state_dict()
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(2, 1, *MAPS)).astype(np.float16)
    told = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        knobs = FinetuningKnobs(epochs=epochs)
        train_blocks(network, maps, csr_array(np.eye(2, dtype=np.float32)), knobs, rng, lambda *epoch: told.append(epoch))
    assert [epoch for epoch, _ in told] == list(range(1, epochs + 1))
    assert np.isfinite([loss for _, loss in told]).all()
    moved = max(float((value - before[name]).abs().max()) for name, value in network.state_dict().items())
    assert moved > 0.1 * knobs.learning_rate


def test_the_loss_is_least_where_the_best_product_is_certain():
    grades = torch.tensor([[3.0, 1.0, 0.0]])
    losses = [float(listwise(torch.tensor([logits]), grades)) for logits in ([9.0, 7.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 9.0])]
    assert losses == sorted(losses)
    assert losses[1] == pytest.approx(1.3 * np.log(3), rel=1e-6)


def test_the_loss_is_cross_entropy_with_the_best_and_with_normalised_grades():
    logits = np.array([[1.0, -0.5, 0.2], [0.0, 2.0, -1.0]])
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    best = [[0.5, 0.5, 0], [0, 0, 1]]
    graded = [[0.4, 0.4, 0.2], [0.25, 0, 0.75]]
    expected = -(np.array(best) * logs).sum(1).mean() - 0.3 * (np.array(graded) * logs).sum(1).mean()
    ours = listwise(torch.tensor(logits, dtype=torch.float32), torch.tensor([[2, 2, 1], [1, 0, 3]]))
    assert float(ours) == pytest.approx(expected, rel=1e-6)
