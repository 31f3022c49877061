"""What another ranking would have earned, from the log of the one that was shown."""

from fuserank.counterfactual.estimators import ESTIMATORS, Estimate, difference, estimated
from fuserank.counterfactual.evidence import Evidence
from fuserank.counterfactual.rankings import WORTHS, as_logged, reranked

__all__ = ["ESTIMATORS", "WORTHS", "Estimate", "Evidence", "as_logged", "difference", "estimated", "reranked"]
