import numpy as np
import pytest

from fuserank.encoders.base import EncoderInfo
from fuserank.encoders.onnx_cache import MODEL, default_cache, exported, quiet_export, session

INFO = EncoderInfo("double", "1", 3, "none", "f" * 64)


def export(path):
    """A model that doubles three numbers, into a folder."""
    import torch

    class Double(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    with quiet_export():
        torch.onnx.export(
            Double(), (torch.zeros(1, 3),), str(path / MODEL), dynamo=True, external_data=False, verbose=False, input_names=["x"]
        )


def refuse(path):
    raise AssertionError("exported again")


def test_a_model_is_exported_once_and_runs(tmp_path):
    path = exported(INFO, tmp_path / "cache", export)
    assert session(path / MODEL, 1).run(None, {"x": np.ones((1, 3), np.float32)})[0].tolist() == [[2, 2, 2]]
    assert exported(INFO, tmp_path / "cache", refuse) == path


def test_a_damaged_export_is_made_again(tmp_path):
    path = exported(INFO, tmp_path, lambda p: (p / MODEL).write_bytes(b"model")) / MODEL
    path.write_bytes(b"mod")
    assert (exported(INFO, tmp_path, lambda p: (p / MODEL).write_bytes(b"model")) / MODEL).read_bytes() == b"model"


def test_a_failed_export_leaves_nothing_behind(tmp_path):
    with pytest.raises(AssertionError):
        exported(INFO, tmp_path, refuse)
    assert [p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")] == []


def test_other_weights_have_another_export(tmp_path):
    one = exported(INFO, tmp_path, lambda p: (p / MODEL).write_bytes(b"1"))
    other = exported(EncoderInfo("double", "1", 3, "none", "e" * 64), tmp_path, lambda p: (p / MODEL).write_bytes(b"2"))
    assert one != other


def test_the_default_cache_is_the_users_own():
    assert default_cache().parts[-2:] == ("fuserank", "onnx")
