"""The gate's decision is that of a run: its name goes into the log."""

import pytest

from fuserank.pipeline.gate import Gated

pytestmark = [
    # Prefect and its server warn about their own use of other libraries; our code is held to `error` by all other tests.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.slow,
]


def test_the_gate_is_told_which_run_decides(prefect_server, tiny, monkeypatch):
    from prefect import flow

    from flows import gate as gating

    asked = []
    monkeypatch.setattr(gating, "create_markdown_artifact", lambda **_: None)
    monkeypatch.setattr(gating.step, "gate", lambda *_, who: asked.append(who) or Gated("v", False, None, None))

    @flow(name="gate alone", flow_run_name="noon", persist_result=False)
    def run():
        gating.gate(tiny.job, tiny.features, None, [])

    run()
    gating.gate.fn(tiny.job, tiny.features, None, [])
    assert asked == ["flow run noon", None]
