"""Studies: questions about the ranker that are answered by experiment. To add one: a file and a table entry."""

from __future__ import annotations

from fuserank.pipeline.studies.components import components
from fuserank.pipeline.studies.frontier import frontier
from fuserank.pipeline.studies.learning_curve import learning_curve
from fuserank.pipeline.studies.missing import missing
from fuserank.pipeline.studies.noise import noise
from fuserank.pipeline.studies.one_or_many import one_or_many
from fuserank.pipeline.studies.study import Study, StudyResult
from fuserank.plugins import PluginTable

__all__ = ["STUDIES", "Study", "StudyResult"]

STUDIES: PluginTable[Study] = PluginTable(
    "study",
    {
        "components": components,
        "missing": missing,
        "noise": noise,
        "one_or_many": one_or_many,
        "learning_curve": learning_curve,
        "frontier": frontier,
    },
)
