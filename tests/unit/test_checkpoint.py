"""A checkpoint comes back as it was, belongs to one run, and is there as a whole or not at all."""

import pytest
import torch

from fuserank import files
from fuserank.checkpoint import FILE, load_checkpoint, save_checkpoint
from fuserank.errors import ModelFolderError
from fuserank.training import TrainingKnobs, train

IDENTITY = {"seed": 0, "knobs": {"epochs": 3}}
HISTORY = [{"epoch": 1, "loss": 0.5, "val_ndcg": 0.25, "seconds": 1.5}]


def machine(seed):
    """A model and an optimizer that has taken two steps."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    return model, optimizer


def saved(folder, seed=0):
    model, optimizer = machine(seed)
    best = {name: value.detach() + 1 for name, value in model.state_dict().items()}
    save_checkpoint(folder, model, optimizer, IDENTITY, history=HISTORY, best_weights=best)
    return model, optimizer, best


def test_everything_comes_back(tmp_path):
    model, optimizer, best = saved(tmp_path)
    other, steps = machine(1)
    state = load_checkpoint(tmp_path, other, steps, IDENTITY)
    assert state["history"] == HISTORY
    assert state["best_weights"].keys() == best.keys()
    assert all(torch.equal(state["best_weights"][name], value) for name, value in best.items())
    assert all(torch.equal(other.state_dict()[name], value) for name, value in model.state_dict().items())
    for index, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            assert torch.equal(steps.state_dict()["state"][index][name], value), name


def test_of_another_run_nothing_is_restored(tmp_path):
    saved(tmp_path)
    other, steps = machine(1)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    assert load_checkpoint(tmp_path, other, steps, IDENTITY | {"seed": 1}) is None
    assert load_checkpoint(tmp_path / "nowhere", other, steps, IDENTITY) is None
    assert all(torch.equal(other.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("left", [0, 5, 100, -1])
def test_a_truncated_file_is_refused(tmp_path, left):
    saved(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:left])
    with pytest.raises(ModelFolderError, match="delete the checkpoint folder"):
        load_checkpoint(tmp_path, *machine(1), IDENTITY)


def test_a_write_that_fails_leaves_the_old_state_and_nothing_beside_it(tmp_path, monkeypatch):
    saved(tmp_path)
    whole = (tmp_path / FILE).read_bytes()

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        saved(tmp_path, seed=1)
    assert (tmp_path / FILE).read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(("every", "written"), [(0.0, 3), (1e9, 0)])
def test_a_state_is_written_when_the_last_is_old_enough(tiny, tmp_path, monkeypatch, every, written):
    from fuserank import training
    from fuserank.ranker import RankerSpec

    calls = []
    monkeypatch.setattr(training, "save_checkpoint", lambda *_, history, **__: calls.append(len(history)))
    spec = RankerSpec(tiny.features.specs(), "sum", "sequence", width=8, rank=4)
    knobs = TrainingKnobs(epochs=3, patience=3, batch_queries=8, slate=16, device="cpu")
    train(spec, tiny.features, tiny.slates[0], tiny.slates[1], knobs, seed=0, checkpoint=tmp_path, checkpoint_seconds=every)
    assert calls == [1, 2, 3][:written]
