"""Prefect flows: the only place that imports Prefect. Each file is one verb; what it does stands in `fuserank.pipeline`."""

import os

# Before prefect is imported, which reads them once: nothing leaves the machine, and nothing is written outside of it.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_UI_V2_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DVC_NO_ANALYTICS", "1")
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
# A flow without a server starts one, which takes more than the usual 20 s on a busy machine.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
