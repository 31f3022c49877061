"""The sample store: a deterministic, made-up shop in which every modality knows something that the others do not."""

from fuserank.data.sample.build import build_sample

__all__ = ["build_sample"]
