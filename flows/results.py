"""`make results FROM=folder`: run the real sets and the studies; write docs/results.md, docs/results.json and docs/results/."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from fuserank.pipeline.published import publish_rows
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
def results(source: Path, only: Sequence[str] = (), docs: Path = Path("docs")) -> None:
    """Run the cases and studies on the sets in `source`; each is published in `docs` as soon as it is done.

    Models and leaderboards that exist are reused, so a run that was stopped goes on where it was.

    Args:
        only: importers, regimes and names of studies to run; (): all.
    """
    settings, log = load_settings(), get_run_logger()
    for case in CASES:
        if not only or {case.importer, case.regime} & set(only):
            write_results([case_task(case, source, settings.home, settings.reports, log.info)], docs)
    workspace = imported(source, settings)
    for name in STUDIES:
        if not only or name in only:
            publish_rows(docs, write_studies([study_task(name, workspace)], docs / "results"), same=("study",))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, help="folder with fashion, grocery, chorus, spoken_fruit, online_retail"
    )
    parser.add_argument("--only", nargs="*", default=[], help="importers, regimes or studies (default: all)")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the pages (default: docs)")
    arguments = parser.parse_args()
    results(arguments.source, arguments.only, arguments.docs)
