"""What the service counts, for Prometheus. Where the process runs among several (PROMETHEUS_MULTIPROC_DIR), they are added up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """All of them; made once a process (`METRICS`)."""

    def __init__(self) -> None:
        self.requests = Histogram("fuserank_request_seconds", "From arrival to answer", ["route"], buckets=SECONDS)
        self.stages = Histogram("fuserank_stage_seconds", "Parts of an answer", ["stage"], buckets=SECONDS)
        self.scored_together = Histogram(
            "fuserank_scored_together", "Slates that one pass on a GPU scored", buckets=(1, 2, 4, 8, 16, 32, 64)
        )
        self.degraded = Counter("fuserank_degraded_total", "Answers that left something out", ["what"])
        self.refused = Counter("fuserank_refused_total", "Requests that got no answer", ["status"])
        self.shed = Counter("fuserank_shed_total", "Requests refused because too many were waiting")
        self.inside = Gauge("fuserank_requests_inside", "Requests being computed or waiting", multiprocess_mode="livesum")
        self.log_lost = Gauge(
            "fuserank_log_lost", "Records that the inference log lost since the start", multiprocess_mode="livesum"
        )
        self.swaps = Counter("fuserank_swaps_total", "Releases taken up or refused", ["outcome"])
        self.rules = Counter("fuserank_rules_total", "Files of rules taken up or refused", ["outcome"])
        self.cache = Gauge(
            "fuserank_query_vectors",
            "Vectors of queries asked of the cache since the start",
            ["outcome"],
            multiprocess_mode="livesum",
        )

    def answered(self, route: str, seconds: float) -> None:
        """A request was answered."""
        self.requests.labels(route).observe(seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part of an answer."""
        with self.stages.labels(name).time():
            yield

    def left_out(self, degraded: list[str]) -> None:
        """Count what answers left out, by the word before the colon."""
        for words in degraded:
            self.degraded.labels(words.partition(":")[0]).inc()


METRICS = Metrics()
