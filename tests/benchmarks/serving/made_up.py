"""The made-up shop over HTTP: ranking, searching and throughput beside peers, the ways to serve an app, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fuserank.serving import load
from tests.benchmarks.records import Row, record
from tests.benchmarks.serving import in_process, memory
from tests.benchmarks.serving.asked import Pictures, Texts, ranking
from tests.benchmarks.serving.blocks import Measured, Target, capacity, latencies, rows, throughputs
from tests.benchmarks.serving.servers import BENTO, UVICORN, serve_ours, serve_ways
from tests.benchmarks.serving.trees import train_trees
from tests.faults.served import Served
from tests.faults.stand import Stand

LOAD = 0.25  # of capacity, when latency is measured
PEERS = {"/bare": "bare ASGI, same encoding", "/words": "BM25 order alone", "/trees": "LightGBM LambdaMART, same pair scores"}


@dataclass(frozen=True)
class Servers:
    """All over one package of `count` products. Attributes: ours: the built Bento. ways: `ways` in BentoML. plain: in uvicorn."""

    count: int
    ours: Served
    ways: Served
    plain: Served


@contextmanager
def serve_all(stand: Stand, count: int, home: Path, trees: Path) -> Iterator[Servers]:
    """Every server over the package `made-up`."""
    package = stand.packages / "made-up"
    with (
        serve_ours(stand, "made-up", home) as ours,
        serve_ways(BENTO, package, home, trees) as ways,
        serve_ways(UVICORN, package, home, trees) as plain,
    ):
        yield Servers(count, ours, ways, plain)


def measure(stand: Stand, count: int, few: int, home: Path) -> list[Row]:
    """All rows; packages `made-up` and `few` of the stand hold `count` and `few` products."""
    texts, package = Texts(), stand.packages / "made-up"
    inside = load(package, cache=home / "encoders", rounded=True)
    trees = train_trees(inside, package.parent.parent / "trees.txt")
    ids = inside.stock.catalogue.product_ids
    found = in_process.scoring(inside, trees, texts(0))
    with serve_all(stand, count, home, trees) as servers:
        for size in (100, 1000):
            found += _ranking(servers, texts, ids, size)
        found += _searching(servers, texts)
        found += _picture(servers)
        found += _throughput(servers, texts, ids)
        found += in_process.overhead(inside, Target(servers.ours, "/v1/rank", ranking(texts, ids, 100)))
        large = memory.held(servers.ours)
    with serve_ours(stand, "few", home) as served:
        latencies({"": Target(served, "/v1/search", lambda number: {"query": {"text": texts(number)}})}, blocks=1)
        latencies({"": Target(served, "/v1/search", Pictures(), count=40)}, blocks=1)
        return [*found, *memory.rows(package, count, large, memory.held(served), few)]


def _ranking(servers: Servers, texts: Texts, ids: list[str], size: int) -> list[Row]:
    """Open loop for ours and those peers that can keep up; a cross-encoder gets one request after the other."""
    body = ranking(texts, ids, size)
    ours = Target(servers.ours, "/v1/rank", body)
    rate = round(LOAD * capacity(ours), 1)
    targets = {"ours": replace(ours, rate=rate)} | {said: Target(servers.ways, path, body, rate) for path, said in PEERS.items()}
    measured = latencies(targets)
    mine = measured.pop("ours")
    said = f"rank_{size}_{{}}_ms at {rate:g}/s"
    found = rows(said, mine, measured)
    found += [record(f"rank_{size}_cpu_ms", mine.cpu, peer.cpu, name, "ms") for name, peer in measured.items()]
    return [*found, *_cross(servers, body, size, said, mine)]


def _cross(servers: Servers, body, size: int, said: str, mine: Measured) -> list[Row]:
    """A cross-encoder of MiniLM's size, beside ours under load."""
    crossing = Target(servers.ways, "/cross", body, count=10 if size <= 100 else 2)
    cross = latencies({"cross": crossing}, blocks=2)["cross"]
    return rows(said, mine, {"cross-encoder of 6 layers x 384, one request at a time": cross}, ("p50",))


def _searching(servers: Servers, texts: Texts) -> list[Row]:
    def body(number: int) -> dict:
        return {"query": {"text": texts(number)}}

    ours = Target(servers.ours, "/v1/search", body)
    rate = round(LOAD * capacity(ours), 1)
    measured = latencies({"ours": replace(ours, rate=rate), "bm25s alone": Target(servers.ways, "/bm25s", body, rate)})
    mine = measured.pop("ours")
    cpu = [record(f"search_{servers.count}_cpu_ms", mine.cpu, peer.cpu, name, "ms") for name, peer in measured.items()]
    return [*rows(f"search_{_short(servers.count)}_{{}}_ms at {rate:g}/s", mine, measured), *cpu]


def _picture(servers: Servers) -> list[Row]:
    """A picture is decoded and encoded on both sides; ours then finds and orders products."""
    measured = latencies({
        "ours": Target(servers.ours, "/v1/search", pictures := Pictures(), count=60),
        "bare ASGI, same encoding": Target(servers.ways, "/bare", pictures, count=60),
    })  # fmt: skip
    return rows("query_picture_{}_ms", measured.pop("ours"), measured)


def _throughput(servers: Servers, texts: Texts, ids: list[str]) -> list[Row]:
    """Saturation with 100 candidates: ours beside the bare app, served alike; and both behind other servers."""
    body = ranking(texts, ids, 100)
    found = throughputs({
        "ours": Target(servers.ours, "/v1/rank", body, count=300),
        "bare": Target(servers.ways, "/bare", body, count=300),
        "mounted": Target(servers.ways, "/v1/rank", body, count=300),
        "native": Target(servers.ways, "/native", lambda number: {"request": body(number)}, count=300),
        "ours in uvicorn": Target(servers.plain, "/v1/rank", body, count=300),
        "bare in uvicorn": Target(servers.plain, "/bare", body, count=300),
    })  # fmt: skip
    mounted, unit = found["mounted"], "requests/s"
    return [
        record("throughput_vs_bare", found["ours"], found["bare"], "bare ASGI, same encoding, in BentoML too", unit),
        record("throughput mounted in BentoML, no log", mounted, found["ours in uvicorn"], "the same app in plain uvicorn", unit),
        record("throughput mounted in BentoML, no log", mounted, found["native"], "an endpoint of BentoML's own", unit),
        record("throughput of the bare app, mounted in BentoML", found["bare"], found["bare in uvicorn"], "in plain uvicorn", unit),
    ]


def _short(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)
