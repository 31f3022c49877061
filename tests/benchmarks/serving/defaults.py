"""The sample store over HTTP with all that is on by default: two sentence encoders, pictures, sounds, numbers, histories."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.records import Row, record
from tests.benchmarks.serving.asked import Texts, Voices, chinese, english, ranking
from tests.benchmarks.serving.blocks import Target, capacity, latencies, rows, throughputs
from tests.benchmarks.serving.made_up import LOAD
from tests.benchmarks.serving.servers import BENTO, serve_ours, serve_ways
from tests.faults.stand import Stand

BARE = "bare ASGI, same encoding"


def measure(stand: Stand, job, home: Path) -> list[Row]:
    """Rows of the package `a` of the stand."""
    ids, found = [product.product_id for product in job.dataset.products], []
    with serve_ours(stand, "a", home) as served, serve_ways(BENTO, stand.packages / "a", home, home / "none") as ways:
        body = ranking(Texts(), ids, 100)
        rate = round(LOAD * capacity(Target(served, "/v1/rank", body)), 1)
        measured = latencies({"ours": Target(served, "/v1/rank", body, rate), BARE: Target(ways, "/bare", body, rate)})
        mine = measured.pop("ours")
        found += rows(f"rank_100_{{}}_ms, all default modalities, at {rate:g}/s", mine, measured)
        found += [record("rank_100_cpu_ms, all default modalities", mine.cpu, measured[BARE].cpu, BARE, "ms")]
        at_most = throughputs({"ours": Target(served, "/v1/rank", body, count=200), BARE: Target(ways, "/bare", body, count=200)})
        found += [record("throughput_vs_bare, all default modalities", at_most["ours"], at_most[BARE], BARE, "requests/s")]
        targets = {
            "ours": Target(served, "/v1/search", chinese, rate),
            "English, same service": Target(served, "/v1/search", english, rate),
            BARE: Target(ways, "/bare", chinese, rate),
        }
        measured = latencies(targets)
        found += rows("query_chinese_{}_ms", measured.pop("ours"), measured)
        voices = Voices(job)
        measured = latencies(
            {"ours": Target(served, "/v1/search", voices, count=8), BARE: Target(ways, "/bare", voices, count=8)}, 4
        )
        return [*found, *rows("query_voice_3s_{}_ms", measured.pop("ours"), measured, ("p50", "p95"))]
