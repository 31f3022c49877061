"""The registry: immutable models, one champion, and a log of who decided what and why.

    models/<version>/      copies of model folders, never changed; version = UTC time + content hash, so names sort by age
    transitions.jsonl      a decision a line, oldest first (`fuserank.model_registry.transitions`)
    .lock                  held while something is written

The champion follows from the log, so pointer and log cannot disagree: the file is replaced atomically, and a reader sees the state
before or after a decision, never between.
"""

from fuserank.model_registry.registry import Registry, matching
from fuserank.model_registry.transitions import Kind, Transition, champion_of, operator, reigns_of

__all__ = ["Kind", "Registry", "Transition", "champion_of", "matching", "operator", "reigns_of"]
