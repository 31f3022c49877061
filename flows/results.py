"""`make results FROM=folder`: run the real sets and the studies; write docs/results.md, docs/results.json and docs/results/."""

from __future__ import annotations

import argparse
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from fuserank.pipeline.results import CASES, SEEDS, run_case
from fuserank.pipeline.results_report import write_results
from fuserank.pipeline.studies import STUDIES
from fuserank.pipeline.studies.bench import Workspace, imported
from fuserank.pipeline.studies.report import write_studies
from fuserank.pipeline.studies.study import StudyResult
from fuserank.settings import load_settings

case_task = task(run_case, name="case", task_run_name="{case.importer} {case.regime}", cache_policy=NO_CACHE)


@task(name="study", task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def study_task(name: str, workspace: Workspace) -> StudyResult:
    """One study with the seeds of the results."""
    return STUDIES[name](workspace, SEEDS, get_run_logger().info)


@flow(name="fuserank results")
def results(source: Path, only: str = "") -> None:
    """Run all cases and studies on the sets in `source`, or those whose importer, regime or name is `only`; write the report.

    Models and leaderboards that exist are reused, so a run that was stopped goes on where it was.
    """
    settings, log = load_settings(), get_run_logger()
    chosen = [case for case in CASES if only in ("", case.importer, case.regime)]
    done = [case_task(case, source, settings.home, settings.reports, log.info) for case in chosen]
    workspace = imported(source, settings)
    studied = [study_task(name, workspace) for name in STUDIES if only in ("", name)]
    if not only:
        write_results(done, Path("docs"), write_studies(studied, Path("docs/results")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, help="folder with fashion, grocery, chorus, spoken_fruit"
    )
    parser.add_argument("--only", default="", help="one importer, regime or study; the report is not written then")
    arguments = parser.parse_args()
    results(arguments.source, arguments.only)
