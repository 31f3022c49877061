"""Champion and challenger compared on the log of a service."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fuserank.inference_log import log_folder
from fuserank.online_evaluation import Comparison, compare_log
from fuserank.settings import Settings


def compare_online(
    settings: Settings,
    name: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    champion: str | None = None,
    challenger: str | None = None,
) -> tuple[Comparison, Path]:
    """Compare, and write comparison.json and comparison.html among the reports of a dataset.

    Args:
        name: of the dataset, with its regime.
        since, until, champion, challenger: as for `compare_log`, which also says what is raised.

    Returns:
        the comparison, and the folder of its report.
    """
    log = log_folder(settings.home, name)
    found = compare_log(log, since=since, until=until, champion=champion, challenger=challenger)
    out = settings.reports / log.name / "online"
    found.write(out)
    return found, out
