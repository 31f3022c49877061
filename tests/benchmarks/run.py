"""`make bench`: measure the parts side by side and write docs/bench/*.json."""

import tempfile
from pathlib import Path

from tests.benchmarks import data_versions, extraction, gpu, losses, orchestration, pipeline, query_encoding, retrieval, scoring
from tests.benchmarks.records import write
from tests.benchmarks.shop import open_shop


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fuserank-bench-") as name:
        folder = Path(name)
        job, features, slates = open_shop(folder)
        write("losses", losses.measure())
        write("scoring", scoring.measure(features, slates))
        write("query_encoding", query_encoding.measure(job))
        write("retrieval", retrieval.measure())
        write("extraction", extraction.measure(job, folder))
        write("pipeline", [*pipeline.measure(job, features, slates, folder), *orchestration.measure(job.data, folder)])
        write("data_versions", data_versions.measure(folder))
        if rows := gpu.measure(job, features, slates):
            write("gpu", rows)


if __name__ == "__main__":
    main()
