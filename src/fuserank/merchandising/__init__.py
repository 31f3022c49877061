"""Merchandising: rules of a shop that move places after the model has ranked, and diversity. Pure; serving applies it."""

from fuserank.merchandising.applying import Line, Placed, apply
from fuserank.merchandising.compiled import Asked, Compiled
from fuserank.merchandising.diversity import likeness, most_diverse
from fuserank.merchandising.reading import read_rules
from fuserank.merchandising.rules import Boost, Bury, Hide, Only, Pin, QueryIs, Rule, RuleFile, Selector, Synonym

__all__ = [
    "Asked",
    "Boost",
    "Bury",
    "Compiled",
    "Hide",
    "Line",
    "Only",
    "Pin",
    "Placed",
    "QueryIs",
    "Rule",
    "RuleFile",
    "Selector",
    "Synonym",
    "apply",
    "likeness",
    "most_diverse",
    "read_rules",
]
