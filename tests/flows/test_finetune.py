"""Fine-tuning through Prefect: it gives the folder, logs its epochs and leaves the setting as an artifact."""

from types import SimpleNamespace

import pytest

from fuserank.encoders.efficientnet import ARCHITECTURE
from fuserank.encoders.hub_folder import locate

pytestmark = [
    # Prefect and its server warn about their own use of other libraries; our code is held to `error` by all other tests.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.slow,
]


def test_the_flow_gives_an_encoder_and_the_setting_that_uses_it(prefect_server, tiny, tmp_path, monkeypatch):
    from flows import finetune

    logged, artifacts, create = [], [], finetune.create_markdown_artifact
    monkeypatch.setattr(finetune, "get_run_logger", lambda: SimpleNamespace(info=lambda _, *values: logged.append(values)))
    monkeypatch.setattr(finetune, "create_markdown_artifact", lambda **given: artifacts.append(given) or create(**given))
    folder = finetune.finetune(tiny.job.data, overrides={"home": str(tmp_path), "finetuning": {"epochs": 2, "crops": 1}})
    assert locate(folder).model_type == ARCHITECTURE
    assert [epoch for epoch, _ in logged] == [1, 2]
    (artifact,) = artifacts
    assert f'image = "{folder}"' in artifact["markdown"]
