"""Why a product stands where it does: every part asks the ranker itself what it would say if something were otherwise."""

from __future__ import annotations

from fuserank.explain.explaining import explain
from fuserank.explain.parts import PARTS
from fuserank.explain.report import Explanation, HeatPicture, ProductExplanation, Shop, Word

__all__ = ["PARTS", "Explanation", "HeatPicture", "ProductExplanation", "Shop", "Word", "explain"]
