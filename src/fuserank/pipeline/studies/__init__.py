"""Studies: questions about the ranker that are answered by experiment. To add one: a file and a table entry."""

from __future__ import annotations

from fuserank.pipeline.studies.behaviour import learning_from_behaviour
from fuserank.pipeline.studies.components import compare_components
from fuserank.pipeline.studies.drift import how_drift_is_found
from fuserank.pipeline.studies.errors import where_gain_is_lost
from fuserank.pipeline.studies.faithful import explanations_hold
from fuserank.pipeline.studies.frontier import quality_against_latency
from fuserank.pipeline.studies.learning_curve import learning_curves
from fuserank.pipeline.studies.missing import missing_modalities
from fuserank.pipeline.studies.noise import noise_at_serving
from fuserank.pipeline.studies.one_or_many import one_model_or_many
from fuserank.pipeline.studies.probabilities import stated_and_found
from fuserank.pipeline.studies.study import Study, StudyResult
from fuserank.plugins import PluginTable

__all__ = ["STUDIES", "Study", "StudyResult"]

STUDIES: PluginTable[Study] = PluginTable(
    "study",
    {
        "components": compare_components,
        "missing": missing_modalities,
        "noise": noise_at_serving,
        "one_or_many": one_model_or_many,
        "learning_curve": learning_curves,
        "errors": where_gain_is_lost,
        "probabilities": stated_and_found,
        "faithful": explanations_hold,
        "frontier": quality_against_latency,
        "drift": how_drift_is_found,
        "behaviour": learning_from_behaviour,
    },
)
