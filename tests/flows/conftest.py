"""One Prefect server for all flows that are tested."""

import pytest


@pytest.fixture(scope="session")
def prefect_server():
    """Flows called while this is there are recorded in a database of their own."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    import flows  # noqa: F401  (its environment variables come before prefect)

    with prefect_test_harness(server_startup_timeout=120), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
