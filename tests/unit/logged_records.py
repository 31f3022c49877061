"""Records for the tests of the inference log."""

import time
from collections.abc import Callable

import numpy as np

from fuserank.inference_log import EventRecord, RankingRecord

TIME = 1_760_000_000_000
SALT = b"0123456789abcdef"


def ranking(request_id="r1", **changes) -> RankingRecord:
    given = {
        "request_id": request_id,
        "time": TIME,
        "route": "search",
        "model_version": "late@110ab3171112",
        "role": "champion",
        "text": "striped red mug",
        "locale": "en",
        "user": "u001",
        "has_text": True,
        "has_image": False,
        "has_audio": False,
        "has_user": True,
        "product_ids": ["p1", "p2"],
        "scores": [2.5, 0.25],
        "candidates": 286,
        "took_ms": 30.5,
        "query_vectors": {"text": np.array([0.5, -1.0, 2.0], np.float32)},
        "present": {"text": 1.0, "image": 0.75},
    }
    return RankingRecord(**(given | changes))


def event(request_id="r1", **changes) -> EventRecord:
    given = {
        "time": TIME,
        "action_name": "click",
        "request_id": request_id,
        "product_id": "p1",
        "user": "u001",
        "session_id": "s1",
        "position": 1,
    }
    return EventRecord(**(given | changes))


def wait_for(condition: Callable[[], object], seconds: float = 200.0) -> None:
    """Until the condition holds; a machine that never gets there fails the test."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
