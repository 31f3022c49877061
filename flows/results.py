"""`make results FROM=folder`: run the real sets and write docs/results.md and docs/results.json."""

from __future__ import annotations

import argparse
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from fuserank.pipeline.results import CASES, run_case
from fuserank.pipeline.results_report import write_results
from fuserank.settings import load_settings

case_task = task(run_case, name="case", task_run_name="{case.importer} {case.regime}", cache_policy=NO_CACHE)


@flow(name="fuserank results")
def results(source: Path, only: str = "") -> None:
    """Run all cases, or those whose importer or regime is `only`, on the sets in `source`; write the report.

    Models and leaderboards that exist are reused, so a run that was stopped goes on where it was.
    """
    settings, log = load_settings(), get_run_logger()
    chosen = [case for case in CASES if only in ("", case.importer, case.regime)]
    done = [case_task(case, source, settings.home, settings.reports, log.info) for case in chosen]
    if not only:
        write_results(done, Path("docs"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, help="folder with fashion, grocery, chorus, spoken_fruit"
    )
    parser.add_argument("--only", default="", help="one importer or regime; the report is not written then")
    arguments = parser.parse_args()
    results(arguments.source, arguments.only)
