"""The table of deployments against a real Prefect server: nothing is left of an older table."""

from pathlib import Path

import pytest

from fuserank.settings import OperationsSettings

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_what_left_the_table_is_removed_and_what_others_deployed_stays(prefect_server, monkeypatch):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import DeploymentSort

    from flows import deployments

    def known():
        with get_client(sync_client=True) as client:
            return {
                f"{client.read_flow(found.flow_id).name}/{found.name}": found
                for found in client.read_deployments(limit=100, sort=DeploymentSort.NAME_ASC)
            }

    monkeypatch.setattr(deployments, "DEPLOYED", deployments.DEPLOYED[:3])
    before = deployments.register(OperationsSettings(), ROOT)
    ids = {name: found.id for name, found in known().items()}
    assert set(ids) == set(before) and len(before) == 3
    with get_client(sync_client=True) as client:
        client.create_deployment(
            flow_id=known()[before[0]].flow_id, name="of somebody else", tags=["theirs"], work_pool_name=deployments.POOL
        )
    monkeypatch.setattr(deployments, "DEPLOYED", deployments.DEPLOYED[1:3])
    after = deployments.register(OperationsSettings(), ROOT)
    found = known()
    assert set(found) == {*after, f"{before[0].partition('/')[0]}/of somebody else"} and after == before[1:]
    assert all(found[name].id == ids[name] for name in after), "what stays is the same deployment"
