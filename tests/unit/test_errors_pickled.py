"""Errors come back from another process as they were raised."""

import pickle

import pytest

from fuserank import errors

RAISED = (
    errors.InputError("a", allowed="b", todo="c"),
    errors.MediaError("corrupt", "a picture"),
    errors.ValidationError("ids are unique", ["p1"], todo="drop it"),
    errors.UnavailableError("the remote", retry_after=3.0),
    errors.StaleFeatureError("another encoder"),
)


@pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(raised):
    found = pickle.loads(pickle.dumps(raised))
    assert type(found) is type(raised)
    assert str(found) == str(raised)
    assert found.__dict__ == raised.__dict__
