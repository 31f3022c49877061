"""Champion and challenger compared on live traffic: their answers in the inference log, and what shoppers did with them.

log ─► dealt by request ─► pairs of versions ─► one request at a time ─► shadow | canary | interleaved ─► Comparison
"""

from fuserank.online_evaluation.comparison import Comparison, compare_log

__all__ = ["Comparison", "compare_log"]
