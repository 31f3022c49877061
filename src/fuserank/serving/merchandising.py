"""Rules and diversity over what a service has scored. The scores stay the model's; places move, and the answer says by what."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fuserank.merchandising import Asked, Compiled, Pin, Rule, Synonym, apply, most_diverse
from fuserank.merchandising.compiled import Clock, utc_now
from fuserank.messages import MAX_TEXT, Filters, ShopperQuery
from fuserank.serving.answered import Scored
from fuserank.serving.selecting import Selecting
from fuserank.serving.stock import Stock

ALIKE = ("text", "image")  # modalities whose vectors say how alike two products are


class Merchandising:
    """What all services of a worker share; `rules` and `problem` are replaced while requests are answered.

    Args:
        rules: compiled; None: there are none.
        diversity: 0..1, of maximal marginal relevance; 0: off.
        depth: products from the top that diversity reorders.
        clock: gives the moment at which dates are judged.

    Attributes:
        problem: why the file of rules is not what is applied; None: it is.
    """

    def __init__(self, rules: Compiled | None = None, *, diversity: float = 0.0, depth: int = 50, clock: Clock = utc_now) -> None:
        self.rules, self.clock = rules, clock
        self.problem: str | None = None
        self.diversity, self.depth, self.selecting = diversity, depth, Selecting()

    def plan(self, query: ShopperQuery, filters: Filters | None = None) -> Plan:
        """What rules do to one request: found now, so that a change of rules does not meet it halfway."""
        rules = self.rules
        if rules is None:
            return Plan(self, query)
        categories = tuple(filters.categories or ()) if filters is not None else ()
        asked = Asked(query.text, query.locale, categories)
        if not query.text.strip() and query.audio:
            return Plan(self, query, rules, asked)  # what was said is known later
        held = rules.holding(asked, self.clock())
        text, synonyms = rules.rewritten(query.text, held)
        if len(text) > MAX_TEXT:
            notes = [f"rule {name!r}: with its words the query were longer than {MAX_TEXT} characters" for name in synonyms]
            return Plan(self, query, rules, asked, held, notes=notes)
        changed = query.model_copy(update={"text": text}) if synonyms else query
        return Plan(self, changed, rules, asked, held, synonyms)


@dataclass(frozen=True)
class PlacedRows:
    """The products of an answer, best first.

    Attributes:
        best: their places among the candidates.
        model_ranks: by score alone, from 1.
        moved_by: names of rules.
    """

    best: np.ndarray
    model_ranks: list[int]
    moved_by: list[list[str]]
    applied: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Rules of one request.

    Attributes:
        query: to look up, after synonyms.
        held: rules that hold; None: known when the words of a sound are.
        synonyms: names of those that changed the query.
    """

    of: Merchandising
    query: ShopperQuery
    rules: Compiled | None = None
    asked: Asked | None = None
    held: list[Rule] | None = None
    synonyms: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def version(self) -> str | None:
        """Of the rules, 12 hex digits."""
        return None if self.rules is None else self.rules.version[:12]

    def holding(self, words: str) -> list[Rule]:
        """Rules that hold; `words` of a spoken query count where nothing was typed, and no synonym is looked up for them."""
        if self.rules is None or self.asked is None:
            return []
        if self.held is not None:
            return self.held
        heard = Asked(words, self.asked.locale, self.asked.categories)
        return [rule for rule in self.rules.holding(heard, self.of.clock()) if not isinstance(rule, Synonym)]

    def with_pinned(self, found: np.ndarray, words: str, stock: Stock, allowed: np.ndarray | None) -> np.ndarray:
        """Rows that were found and rows that are pinned, as far as the request's own filters let them pass; ascending."""
        pins = [rule.product for rule in self.holding(words) if isinstance(rule, Pin)]
        rows = [row for row in map(stock.catalogue.row_of.get, pins) if row is not None and (allowed is None or allowed[row])]
        return np.union1d(found, np.array(rows, np.int64)) if rows else found

    def placed(self, scored: Scored, stock: Stock, k: int, *, lasting: bool) -> PlacedRows:
        """The k products to show.

        Args:
            lasting: the stock serves more requests than this one, so what selectors mean in it is remembered.
        """
        by_score = np.argsort(-scored.scores, kind="stable")
        order, notes = self._diverse(scored, stock, by_score)
        ranks = np.empty(len(order), np.int64)
        ranks[by_score] = np.arange(1, len(order) + 1)
        held = [rule for rule in self.holding(scored.words) if not isinstance(rule, Synonym)]
        if not held:
            best = order[:k]
            return PlacedRows(best, ranks[best].tolist(), [[] for _ in best], list(self.synonyms), notes)
        rows, row_of = scored.rows[order], stock.catalogue.row_of

        def where(product_id: str) -> int | None:
            row = row_of.get(product_id)
            found = [] if row is None else np.flatnonzero(rows == row).tolist()
            return found[0] if found else None

        done = apply(
            held, len(rows), lambda s: self.of.selecting.among(stock, s, rows, lasting=lasting), where, lambda p: p in row_of, k
        )
        shown = done.lines
        best = order[[line.at for line in shown]] if shown else order[:0]
        return PlacedRows(
            best,
            ranks[best].tolist(),
            [list(line.rules) for line in shown],
            [*self.synonyms, *done.applied],
            [*notes, *done.notes],
        )

    def concerning(self, product_id: str, words: str, stock: Stock) -> list[str]:
        """Names of the rules that hold and are about a product of the stock."""
        row = np.array([stock.catalogue.row_of[product_id]], np.int64)

        def concerns(rule: Rule) -> bool:
            if isinstance(rule, Synonym):
                return True
            if isinstance(rule, Pin):
                return rule.product == product_id
            chosen = self.of.selecting.among(stock, rule.products, row, lasting=True)
            return bool(chosen.any()) != (rule.kind == "only")

        return [rule.name for rule in self.holding(words) if concerns(rule)]

    def _diverse(self, scored: Scored, stock: Stock, order: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The order with its top made diverse, and a note when that changed it."""
        if self.of.diversity == 0 or len(order) < 3:
            return order, []
        top = order[: self.of.depth]
        vectors = alike_vectors(stock, scored.rows[top])
        after = top[most_diverse(scored.scores[top], vectors, self.of.diversity)]
        if (after == top).all():
            return order, []
        return np.concatenate([after, order[len(top) :]]), [f"diversity {self.of.diversity:g} moved places in the top {len(top)}"]


def alike_vectors(stock: Stock, rows: np.ndarray) -> np.ndarray:
    """Unit vectors of text and picture side by side: float32 (n, D); (n, 0) where the catalogue has neither."""
    parts = [np.zeros((len(rows), 0), np.float32)]
    for name in ALIKE:
        if name in stock.catalogue.vectors:
            part = np.asarray(stock.catalogue.vectors[name][rows], np.float32)
            norms = np.linalg.norm(part, axis=1, keepdims=True)
            parts.append(np.divide(part, norms, out=np.zeros_like(part), where=norms > 0))
    return np.concatenate(parts, axis=1)
