"""Is a dataset fit to train and serve from? Rules stand as JSON suites in `great_expectations/`; this runs them and reports.

    dataset ─► frames (tables + joined columns) ─► suites ─► report: ok, results, quarantine ─► JSON, HTML, Parquet

A broken critical rule stops the chain; a picture or sound that cannot be used is quarantined with a reason and its modality
masked, and the chain goes on.
"""

from fuserank.validation.dataset_check import validate
from fuserank.validation.media_check import MediaCaps
from fuserank.validation.report import RuleResult, ValidationReport

__all__ = ["MediaCaps", "RuleResult", "ValidationReport", "validate"]
