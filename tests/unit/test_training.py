from dataclasses import replace

import numpy as np
import pytest
import torch

from fuserank.errors import ModelFolderError, UnknownNameError
from fuserank.metrics.ndcg import ndcg
from fuserank.ranker import Ranker, RankerSpec
from fuserank.slates import project_catalogue, score_slate
from fuserank.training import TrainingKnobs, train

KNOBS = TrainingKnobs(epochs=4, patience=4, batch_queries=8, slate=16, device="cpu")


def run(tiny, knobs=KNOBS, seed=0, scorer="attention_sequence", late=0, **options):
    spec = RankerSpec(tiny.features.specs(), "attention", scorer, width=16, rank=8, late=late)
    return train(spec, tiny.features, tiny.slates[0], tiny.slates[1], knobs, seed=seed, **options)


def weights(trained):
    return trained.ranker.state_dict()


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def trained(tiny):
    return run(tiny)


def test_the_same_seed_gives_the_same_weights_and_another_other_ones(tiny, trained):
    assert equal(weights(run(tiny)), weights(trained))
    assert not equal(weights(run(tiny, seed=1)), weights(trained))


@pytest.mark.parametrize("stopped_after", [1, 3])
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(tiny, trained, tmp_path, stopped_after):
    def stop(epoch):
        if epoch.epoch == stopped_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny, checkpoint=tmp_path, on_epoch=stop)
    seen = []
    resumed = run(tiny, checkpoint=tmp_path, on_epoch=seen.append)
    assert [e.epoch for e in seen] == list(range(stopped_after + 1, KNOBS.epochs + 1))
    assert equal(weights(resumed), weights(trained))
    assert [e.loss for e in resumed.history] == [e.loss for e in trained.history]


def test_a_checkpoint_of_another_run_is_not_resumed(tiny, trained, tmp_path):
    run(tiny, seed=1, checkpoint=tmp_path)
    assert equal(weights(run(tiny, checkpoint=tmp_path)), weights(trained))


def test_a_checkpoint_for_other_epochs_is_not_resumed(tiny, trained, tmp_path):
    """The learning rate follows the number of epochs, so another number is another run."""
    run(tiny, replace(KNOBS, epochs=2), checkpoint=tmp_path)
    assert equal(weights(run(tiny, checkpoint=tmp_path)), weights(trained))


def test_a_damaged_checkpoint_is_refused(tiny, tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half a file")
    with pytest.raises(ModelFolderError, match="delete the checkpoint"):
        run(tiny, checkpoint=tmp_path)


def test_the_best_epoch_is_given_back(tiny, trained):
    assert trained.best.val_ndcg == max(e.val_ndcg for e in trained.history)
    projected = project_catalogue(trained.ranker, tiny.features)
    again = [ndcg(score_slate(trained.ranker, projected, tiny.features.queries, s), s.grades) for s in tiny.slates[1]]
    assert np.mean(again) == pytest.approx(trained.best.val_ndcg, abs=1e-3)


def test_training_stops_when_validation_stalls(tiny):
    history = run(tiny, replace(KNOBS, epochs=30, patience=2, learning_rate=1e-12)).history
    assert len(history) == 3


def test_it_learns(tiny):
    spec = RankerSpec(tiny.features.specs(), "sum", "sequence", width=16, rank=8)
    knobs = replace(KNOBS, epochs=25, patience=25, slate=64, modality_dropout=0.0)
    trained = train(spec, tiny.features, tiny.slates[0], tiny.slates[0], knobs, seed=0).ranker
    torch.manual_seed(0)
    untrained = Ranker(trained.spec).eval()

    def quality(ranker):
        projected = project_catalogue(ranker, tiny.features)
        return np.mean([ndcg(score_slate(ranker, projected, tiny.features.queries, s), s.grades) for s in tiny.slates[0]])

    assert quality(trained) > quality(untrained) + 0.05


def test_bfloat16_trains_to_finite_weights(tiny):
    result = run(tiny, replace(KNOBS, epochs=1, precision="bfloat16"))
    assert all(torch.isfinite(value).all() for value in weights(result).values())
    assert np.isfinite(result.history[0].loss)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_a_ranker_on_the_cpu(tiny):
    result = run(tiny, replace(KNOBS, epochs=1, device="cuda"))
    assert all(value.device.type == "cpu" for value in weights(result).values())


def test_unknown_names_and_no_slates_are_clear_errors(tiny):
    with pytest.raises(UnknownNameError, match="unknown loss 'lisnet'"):
        run(tiny, replace(KNOBS, loss="lisnet"))
    with pytest.raises(UnknownNameError, match="unknown scorer"):
        run(tiny, scorer="x")
    with pytest.raises(ValueError, match="0 training and 2 validation slates"):
        train(RankerSpec(tiny.features.specs(), "sum", "sequence"), tiny.features, [], tiny.slates[1], KNOBS, seed=0)


def test_the_weights_are_those_of_the_best_epoch(tiny, monkeypatch):
    import fuserank.training as loop

    seen = []

    def best_at_the_second(ranker, vectors, slates, group):
        seen.append({name: value.clone() for name, value in ranker.state_dict().items()})
        return [0.1, 0.9, 0.2, 0.3][len(seen) - 1]

    monkeypatch.setattr(loop, "validate", best_at_the_second)
    trained = run(tiny)
    assert trained.best.epoch == 2
    learned = weights(trained)
    assert all(torch.equal(learned[name], value) for name, value in seen[1].items() if name != "trust")
    assert any(not torch.equal(learned[name], value) for name, value in seen[3].items() if name != "trust")
