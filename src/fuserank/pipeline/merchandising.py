"""Rules before and when they go live: what would move, what it costs on judged queries, and who released what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from pydantic import ValidationError

from fuserank.errors import InputError, MediaError
from fuserank.files import sha256_file, write_file
from fuserank.merchandising import Compiled, likeness, read_rules
from fuserank.messages import RankedProduct, RankResponse, SearchRequest, ShopperQuery
from fuserank.metrics.ndcg import ndcg
from fuserank.model_registry.transitions import append_transition
from fuserank.pipeline.job import Job
from fuserank.pipeline.releasing import release_file
from fuserank.serving import Merchandising, RankingService, load, read_release, rules_file
from fuserank.serving.merchandising import alike_vectors

Progress = Callable[[int, int], None]  # called with (items done, items in all)
DEPTH, SEEN = 100, 10  # products of an answer that are compared, and those that nDCG, moves and likeness look at


@dataclass(frozen=True)
class Preview:
    """A query with rules beside the same without.

    Attributes:
        before, after: answers of at most 100 products.
        ndcg: nDCG@10 before and after, over the judged products (linear gain, discount 1 / log2(1 + rank)); None: not judged.
    """

    query_id: str
    text: str
    before: RankResponse
    after: RankResponse
    ndcg: tuple[float, float] | None = None

    @property
    def moved(self) -> list[RankedProduct]:
        """Products of the best ten after the rules that stood elsewhere before."""
        stood = {line.product_id: line.rank for line in self.before.results}
        return [line for line in self.after.results[:SEEN] if stood.get(line.product_id) != line.rank]


def served_champion(job: Job) -> RankingService:
    """The released champion of a dataset, with neither rules nor diversity.

    Raises:
        InputError: nothing is released.
    """
    file = release_file(job.settings.home, job.name)
    package = file.parent / read_release(file).champion
    return load(package, cache=job.settings.home / "encoders", media=job.settings.media, rounded=job.settings.serving.rounded)


def preview_text(job: Job, rules: Compiled, text: str, locale: str = "") -> Preview:
    """One query of words, asked without and with rules."""
    service = served_champion(job)
    query = ShopperQuery(text=text, locale=locale)
    return Preview("", text, _asked(service, query, Merchandising()), _asked(service, query, Merchandising(rules)))


def preview_queries(job: Job, rules: Compiled, split: str = "test", progress: Progress | None = None) -> list[Preview]:
    """All queries of a split, asked without and with rules; judged ones with nDCG@10.

    Raises:
        InputError: the split has no query that can be asked, or nothing is released.
    """
    service = served_champion(job)
    asked = dict(_queries(job, split))
    found = []
    for done, (query_id, query) in enumerate(asked.items(), start=1):
        before, after = (_asked(service, query, held) for held in (Merchandising(), Merchandising(rules)))
        grades = job.dataset.qrels.get(query_id, {})
        values = (_ndcg(before, grades), _ndcg(after, grades))
        found.append(Preview(query_id, query.text, before, after, None if np.isnan(values[0]) else values))
        if progress is not None:
            progress(done, len(asked))
    if not found:
        raise InputError(f"no query of split {split!r} can be asked", allowed="train, val or test", todo="name another split")
    return found


@dataclass(frozen=True)
class DiversityCost:
    """What one value of `serving.diversity` gives and costs, as means over judged queries.

    Attributes:
        ndcg: nDCG@10; see `Preview`.
        likeness: intra-list similarity of the best ten: mean cosine of all pairs, of text and picture side by side.
    """

    diversity: float
    ndcg: float
    likeness: float
    queries: int


def diversity_costs(job: Job, values: list[float], split: str = "test", progress: Progress | None = None) -> list[DiversityCost]:
    """nDCG@10 beside intra-list similarity for some values of the setting."""
    service = served_champion(job)
    asked = [(query, job.dataset.qrels.get(query_id, {})) for query_id, query in _queries(job, split)]
    found = []
    for done, value in enumerate(values, start=1):
        held, gains, alike = Merchandising(diversity=value, depth=job.settings.serving.diversity_depth), [], []
        for query, grades in asked:
            answer = _asked(service, query, held)
            gains.append(_ndcg(answer, grades))
            rows = service.stock.catalogue.rows([line.product_id for line in answer.results[:SEEN]])
            alike.append(likeness(alike_vectors(service.stock, rows)))
        judged = ~np.isnan(gains)
        found.append(DiversityCost(value, float(np.mean(np.array(gains)[judged])), float(np.mean(alike)), int(judged.sum())))
        if progress is not None:
            progress(done, len(values))
    return found


def release_rules(home: Path, name: str, file: Path, reason: str) -> Compiled:
    """Put checked rules where the services of a dataset follow them, and note who did; a refusal is noted too.

    Raises:
        InputError: the rules are not as they must be, no reason is given, or the name is none of a dataset.
    """
    release_file(home, name)  # refuses what is no name
    served = rules_file(home, name)
    log = served.with_suffix(".jsonl")
    served.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(served.parent / ".lock", timeout=60):
        try:
            rules = read_rules(file)
        except InputError as error:
            if file.is_file():
                append_transition(log, "refuse", sha256_file(file), reason=error.came, evidence={"file": file.name}, who=None)
            raise
        append_transition(
            log, "promote", rules.version, reason=reason, evidence={"file": file.name, "rules": len(rules.rules)}, who=None
        )
        write_file(served, file.read_bytes())
    return rules


def told(previews: list[Preview]) -> list[dict[str, Any]]:
    """Previews for machines: what moved is (product, place by the model alone, place, rules that moved it)."""
    return [
        {
            "query_id": one.query_id,
            "text": one.text,
            "rules": one.after.rules,
            "notes": one.after.notes,
            "ndcg": one.ndcg,
            "moved": [[line.product_id, line.model_rank, line.rank, line.moved_by] for line in one.moved],
        }
        for one in previews
    ]


def _queries(job: Job, split: str) -> Iterator[tuple[str, ShopperQuery]]:
    """Queries of a split that a shopper could ask, by id."""
    media = job.dataset.media
    for query in job.dataset.queries:
        given = {kind: media.get(h) for kind, h in (("image", query.image), ("audio", query.audio)) if h and h in media}
        if query.split == split:
            try:
                yield query.query_id, ShopperQuery(text=query.text, user_id=query.user_id, locale=query.locale, **given)
            except ValidationError:
                continue


def _asked(service: RankingService, query: ShopperQuery, held: Merchandising) -> RankResponse:
    service.merchandising = held
    try:
        return service.search(SearchRequest(query=query, k=DEPTH))
    except MediaError as error:
        raise InputError(f"a query's media cannot be used: {error.came}", todo="validate the dataset") from None


def _ndcg(answer: RankResponse, grades: dict[str, int]) -> float:
    """Against all judged products of the query, found or not; NaN when none has a grade above 0."""
    shown = [line.product_id for line in answer.results]
    missed = [product for product in grades if product not in set(shown)]
    found = np.array([grades.get(product, 0) for product in (*shown, *missed)], float)
    # What was not found stands behind ten products that nobody judged.
    spaces = np.zeros(SEEN)
    ordered = np.concatenate([found[: len(shown)], spaces, found[len(shown) :]])
    return ndcg(-np.arange(len(ordered), dtype=float), ordered, SEEN)
