"""Is it there, and does it do its work? Questions over HTTP on this machine, each answered within a second."""

from __future__ import annotations

from typing import Any

import httpx

POOL = "fuserank"  # Prefect's work pool of our runs


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return httpx.get(url, timeout=1.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def ask(api: str, path: str, body: dict[str, Any]) -> Any:
    """What the Prefect server answers to a POST; None when it does not."""
    try:
        reply = httpx.post(f"{api}/{path}", json=body, timeout=5.0, trust_env=False)
        return reply.json() if reply.is_success else None
    except (httpx.HTTPError, ValueError):
        return None


def worker_is_online(api: str) -> bool:
    """Whether a worker of the pool has sent a heartbeat lately."""
    workers = ask(api, f"work_pools/{POOL}/workers/filter", {}) or []
    return any(worker.get("status") == "ONLINE" for worker in workers)


def next_runs(api: str, limit: int = 5) -> list[tuple[str, str]]:
    """(flow, time in ISO 8601) of what is scheduled next, soonest first."""
    body = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "sort": "EXPECTED_START_TIME_ASC", "limit": limit}
    runs = ask(api, "flow_runs/filter", body) or []
    names = {
        flow["id"]: flow["name"]
        for flow in ask(api, "flows/filter", {"flows": {"id": {"any_": [r["flow_id"] for r in runs]}}}) or []
    }
    return [(names.get(run["flow_id"], ""), run["expected_start_time"]) for run in runs]
