"""Which requests are kept follows from their ids alone."""

import numpy as np
import pytest

from fuserank.inference_log import InferenceLog, is_sampled, read_log
from tests.unit.logged_records import event, ranking

# `printf '%s' "request 0" | b2sum -l 64`, GNU coreutils
B2SUM = {"request 0": "725fd16e8b284f87", "request 4": "041855138eac3415", "红色 杯子": "8bea47c5ff72096b"}


def test_sampling_agrees_everywhere_and_keeps_all_events(tmp_path):
    names = [f"request {number}" for number in range(400)]
    kept = {}
    for share in (0.1, 0.5):
        for worker in range(2):
            with InferenceLog(tmp_path / f"{share}{worker}", share=share) as log:
                for name in names:
                    log.put(ranking(name))
                    log.put(event(name))
            table, _ = read_log(tmp_path / f"{share}{worker}", "rankings")
            kept[share, worker] = table["request_id"].to_pylist()
            assert set(table["sampled"].to_pylist()) == {float(np.float32(share))}
            assert read_log(tmp_path / f"{share}{worker}", "events")[0].num_rows == 400
        assert kept[share, 0] == kept[share, 1] == [name for name in names if is_sampled(name, share)]
        assert abs(len(kept[share, 0]) / 400 - share) < 4 * (share * (1 - share) / 400) ** 0.5
    assert set(kept[0.1, 0]) <= set(kept[0.5, 0])


@pytest.mark.parametrize(("request_id", "digest"), B2SUM.items())
def test_sampling_is_by_a_hash_that_anybody_can_compute(request_id, digest):
    at = int(digest, 16) / 2**64
    assert is_sampled(request_id, at + 1e-9) and not is_sampled(request_id, at - 1e-9) and is_sampled(request_id, 1.0)
