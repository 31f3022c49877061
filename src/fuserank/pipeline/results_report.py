"""docs/results.json and docs/results.md out of the results of all cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fuserank.metrics.significance import holm, paired_p
from fuserank.pipeline.published import publish_rows, publish_sections
from fuserank.pipeline.results import Line, Result

SHOWN = ("nDCG@10", "MRR@10", "MAP", "Recall@10", "F1", "ROC-AUC")
HEAD = """# Results on real data

Written by `make results FROM=<folder>`, where the folder holds the sets that [data.md](data.md) describes; each section says
of which commit it is. Machine-readable: [results.json](results.json). What limits the numbers: [limits.md](limits.md).

Protocol: three seeds (mean ± standard deviation over seeds where a ranker is trained); every ranker orders *all* candidates
of a query (fashion: the 4,201 test-side products; grocery: the 81 products; chorus: the judged products of the query, grouped
five-fold, the 99 queries with more than one distinct grade; online_retail: the 3,325 products). nDCG has linear gain. MRR, MAP,
Recall and the yes-or-no measures count a product as relevant from grade 2 on (online_retail: from 1 on); the threshold of the
latter is chosen on validation. The tests of a table are against **ours**: the ranker of ours that validation chose, never test.
p: paired randomisation test over queries on nDCG@10, Holm-corrected within a table. ms per 1,000: one thread of a shared, busy
machine, to be compared within a table only. Numbers of different sets are never averaged. What parts of the model are worth, and
how it bears missing and damaged input, stands in the
[studies](results/studies.md).
"""


def write_results(results: Sequence[Result], folder: Path) -> None:
    """Put the tables of these cases into results.md and results.json in `folder`, each atomically; those of others stay."""
    for result in results:
        publish_rows(folder, json_rows(result), same=("study", "dataset", "regime"))
    sections = {f"{result.case.importer}, {result.case.regime}": section(result) for result in results}
    publish_sections(folder / "results.md", HEAD, sections)


def json_rows(result: Result) -> list[dict[str, object]]:
    """One row for each ranker and measure."""
    case = result.case
    return [
        {
            "dataset": case.importer, "regime": case.regime, "split": "test", "ranker": line.ranker, "kind": line.kind,
            "metric": metric, "mean": value["mean"], "std": value["std"], "seeds": line.seeds, "queries": result.queries,
        }
        for line in result.lines
        for metric, value in line.metrics.items()
        if not np.isnan(value["mean"])
    ]  # fmt: skip


def section(result: Result) -> str:
    """The table of one case, and in words where fusion loses."""
    ours = our_line(result)
    others = [line for line in result.lines if line is not ours]
    adjusted = dict(zip((o.ranker for o in others), holm([_p(ours, other) for other in others]), strict=True))
    chosen = ", ".join(dict.fromkeys(result.chosen))
    table = [
        f"{result.queries} test queries. Chosen on validation: {chosen}. {result.case.note}".rstrip(),
        "",
        f"| ranker | kind | {' | '.join(SHOWN)} | ms per 1,000 | p against ours |",
        f"|---|---|{'---|' * len(SHOWN)}---|---|",
        *(_row(line, line is ours, adjusted.get(line.ranker)) for line in result.lines),
        "",
        *_losses(ours, others, adjusted),
        "",
    ]
    return "\n".join(table)


def our_line(result: Result) -> Line:
    """The fusion that validation chose (in most folds)."""
    name = max(dict.fromkeys(result.chosen), key=result.chosen.count)
    return next(line for line in result.lines if line.ranker == name)


def _p(ours: Line, other: Line) -> float:
    queries = list(ours.per_query)
    return paired_p(np.array([ours.per_query[q] for q in queries]), np.array([other.per_query[q] for q in queries]))


def _row(line: Line, ours: bool, p: float | None) -> str:
    cells = [_cell(line.metrics.get(name), line.seeds) for name in SHOWN]
    name = f"**{line.ranker}**" if ours else line.ranker
    return f"| {name} | {line.kind} | {' | '.join(cells)} | {line.cost_ms_per_1000:.2f} | {'ours' if p is None else f'{p:.4f}'} |"


def _cell(value: dict[str, float] | None, seeds: int) -> str:
    if value is None or np.isnan(value["mean"]):
        return ""
    return f"{value['mean']:.3f}" + (f" ± {value['std']:.3f}" if seeds > 1 else "")


def _losses(ours: Line, others: Sequence[Line], adjusted: dict[str, float]) -> list[str]:
    """Which rankers that are no fusion of ours stand at or above ours."""
    mean = ours.metrics["nDCG@10"]["mean"]
    above = [o for o in others if o.kind != "fusion" and o.metrics["nDCG@10"]["mean"] >= mean]
    if not above:
        rival = max((o for o in others if o.kind != "fusion"), key=lambda o: o.metrics["nDCG@10"]["mean"])
        gain = mean - rival.metrics["nDCG@10"]["mean"]
        p = adjusted[rival.ranker]
        return [f"No ranker without fusion is above ours; the next is {rival.ranker}, {gain:.3f} below (p = {p:.4f})."]
    gains = [(o.ranker, o.metrics["nDCG@10"]["mean"] - mean, adjusted[o.ranker]) for o in above]
    named = [f"{ranker} by {gain:.3f} (p = {p:.4f})" for ranker, gain, p in gains]
    return [f"**Where fusion loses:** {'; '.join(named)}."]
