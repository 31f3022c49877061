"""The gate: whether a challenger becomes champion. Pure: evidence in, decision and reasons out.

A challenger passes when it beats the champion on the same judgments, loses on no protected slice more than a tolerance, scores
within the latency budget, and survives each missing modality. The first champion has nobody to beat; the other rules hold.
"""

from __future__ import annotations

from statistics import fmean
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fuserank.errors import InputError
from fuserank.metrics.significance import paired_p

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Without(BaseModel):
    """What a ranker gives when no product has a family of modalities, beside what there was to be had."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndcg: Share = Field(description="mean nDCG@10 of the ranker without the family")
    rest: Share = Field(description="mean nDCG@10 of the best model trained on one other family alone; 0 when there is none")


class Evidence(BaseModel):
    """What is known of a ranker. nDCG@10 has linear gain; a judged query that the ranker left out counts 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ranker: str
    per_query: dict[str, Share] = Field(min_length=1, description="query_id -> nDCG@10")
    slices: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(description="protected slice -> its query ids")
    latency_ms_per_1000: float = Field(ge=0, allow_inf_nan=False, description="median time to score 1,000 candidates on one thread")
    missing: dict[str, Without] | None = Field(
        description="family of modalities -> what is left without it; {}: there is one family only; None: not measured"
    )

    @model_validator(mode="after")
    def _slices_hold_judged_queries(self) -> Evidence:
        for name, query_ids in self.slices.items():
            unknown = sorted(set(query_ids) - self.per_query.keys())
            if unknown:
                raise ValueError(f"slice {name!r} holds queries without nDCG@10: {', '.join(unknown[:5])}")
        return self

    @property
    def mean(self) -> float:
        """Mean nDCG@10 over all queries."""
        return fmean(self.per_query.values())


class Check(BaseModel):
    """One rule, applied: `observed` against `limit`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    passed: bool
    observed: float
    limit: float
    words: str


class Decision(BaseModel):
    """Promote or not, and every check that was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promote: bool
    reasons: list[Check]


def decide(
    challenger: Evidence,
    champion: Evidence | None,
    *,
    slice_tolerance: float,
    latency_ms: float,
    missing_tolerance: float,
    alpha: float,
) -> Decision:
    """Apply the rules.

    Args:
        challenger: the new ranker.
        champion: the ranker in service, judged on the same queries; None when there is none yet.
        slice_tolerance: nDCG@10 that any protected slice may lose.
        latency_ms: budget to score 1,000 candidates.
        missing_tolerance: how far, as a share, the challenger without a family may stand below the best other family alone.
        alpha: level of the paired test.

    Raises:
        InputError: challenger and champion were judged on different queries.
    """
    checks = [] if champion is None else [_beats(challenger, champion, alpha), *_slices(challenger, champion, slice_tolerance)]
    checks += [_latency(challenger, latency_ms), *_missing(challenger, missing_tolerance)]
    return Decision(promote=all(check.passed for check in checks), reasons=checks)


def _beats(challenger: Evidence, champion: Evidence, alpha: float) -> Check:
    """One-sided paired permutation test of the mean nDCG@10: signs of the per-query differences are flipped at random."""
    if challenger.per_query.keys() != champion.per_query.keys():
        different = sorted(challenger.per_query.keys() ^ champion.per_query.keys())
        raise InputError(
            f"challenger and champion were judged on different queries: {', '.join(different[:5])}",
            allowed="evidence over the same judgments",
            todo="evaluate the champion on the challenger's judgments",
        )
    gain = challenger.mean - champion.mean
    new, old = (np.array([e.per_query[q] for q in sorted(e.per_query)]) for e in (challenger, champion))
    p = paired_p(new, old, alternative="greater")
    return Check(
        name="beats_champion",
        passed=gain > 0 and p < alpha,
        observed=p,
        limit=alpha,
        words=f"mean nDCG@10 {challenger.mean:.4f} against {champion.mean:.4f} of {champion.ranker} over "
        f"{len(new)} queries, p = {p:.4g} (must be below {alpha:g})",
    )


def _slices(challenger: Evidence, champion: Evidence, tolerance: float) -> list[Check]:
    """A slice that either side protects is protected, so a challenger cannot drop one."""
    checks = []
    for name, query_ids in sorted({**champion.slices, **challenger.slices}.items()):
        loss = fmean(champion.per_query[q] for q in query_ids) - fmean(challenger.per_query[q] for q in query_ids)
        checks.append(
            Check(
                name=f"slice:{name}",
                passed=loss <= tolerance,
                observed=loss,
                limit=tolerance,
                words=f"slice {name} ({len(query_ids)} queries) loses {loss:+.4f} nDCG@10 (at most {tolerance:g})",
            )
        )
    return checks


def _latency(challenger: Evidence, budget: float) -> Check:
    observed = challenger.latency_ms_per_1000
    return Check(
        name="latency",
        passed=observed <= budget,
        observed=observed,
        limit=budget,
        words=f"{observed:.1f} ms to score 1,000 candidates (at most {budget:g})",
    )


def _missing(challenger: Evidence, tolerance: float) -> list[Check]:
    """Without a measurement the rule fails: what was not tried was not survived."""
    if challenger.missing is None:
        return [Check(name="missing", passed=False, observed=1.0, limit=tolerance, words="no missing modality was tried")]
    checks = []
    for name, without in sorted(challenger.missing.items()):
        lost = (without.rest - without.ndcg) / without.rest if without.rest > 0 else 0.0
        checks.append(
            Check(
                name=f"missing:{name}",
                passed=lost <= tolerance,
                observed=lost,
                limit=tolerance,
                words=f"without {name} the mean nDCG@10 is {without.ndcg:.4f}; the best other family alone gives "
                f"{without.rest:.4f} (at most {tolerance:.0%} below it)",
            )
        )
    return checks
