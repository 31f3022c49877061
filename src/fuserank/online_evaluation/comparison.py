"""Champion and challenger on one log: the comparison, and how it is written down."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from fuserank.files import write_file
from fuserank.online_evaluation.canary import Canary, CanaryResult
from fuserank.online_evaluation.dealing import Dealt, deal
from fuserank.online_evaluation.interleaved import Interleaved, InterleavedResult
from fuserank.online_evaluation.pairs import Pair, choose_pair
from fuserank.online_evaluation.requests import Request, requests_of
from fuserank.online_evaluation.shadow import Shadow, ShadowResult
from fuserank.pages import render

JSON, PAGE = "comparison.json", "comparison.html"


@dataclass(frozen=True)
class Comparison:
    """Two versions on live traffic.

    Attributes:
        log: name of its folder.
        champion, challenger: versions of models.
        first, last: when the answers compared were given, ISO 8601.
        shadow, canary, interleaved: the parts; None where the log has no such answers of the two.
        events: what became of the events -> how many.
        broken: damaged segments; what they held is missing.
    """

    log: str
    champion: str
    challenger: str
    first: str
    last: str
    shadow: ShadowResult | None
    canary: CanaryResult | None
    interleaved: InterleavedResult | None
    events: dict[str, int]
    broken: tuple[str, ...]

    def write(self, out: Path) -> None:
        """Write ``comparison.json`` and ``comparison.html`` into `out`, each atomically."""
        write_file(out / JSON, json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        write_file(out / PAGE, render(PAGE, found=self))


def compare_log(
    log: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    champion: str | None = None,
    challenger: str | None = None,
) -> Comparison:
    """Compare two versions by what they answered and what shoppers did.

    Each row of the log counts once, whatever share of requests was kept: the share is the same for both models, and a row that
    stands for many requests is no more evidence than one. The log may be larger than memory, which grows with shoppers and compared
    requests alone, by some hundred bytes each.

    Args:
        log: folder of an `InferenceLog`.
        since, until: answers of this time and later, and before this time; aware of their time zone. Feedback on them counts
            whenever it came.
        champion, challenger: versions; None: those that the newest record of such a pair names.

    Raises:
        InputError: there is no such log, it compares no such versions, or a time has no time zone.
    """
    with TemporaryDirectory() as folder:
        dealt = deal(log, Path(folder), since=since, until=until)
        return _compare(log.name, dealt, choose_pair(dealt, log, champion=champion, challenger=challenger))


def _compare(name: str, dealt: Dealt, pair: Pair) -> Comparison:
    tally, events = _Tally(pair), Counter[str]()
    for rankings, done in zip(dealt.tables("rankings"), dealt.tables("events"), strict=True):
        requests, unknown = requests_of(rankings, done)
        events["request not in the log"] += unknown
        for request in requests:
            if tally.add(request):
                events.update(request.events)
            else:
                events["request not compared"] += request.events.total()
    first, last = (datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="seconds") for time in tally.span)
    return Comparison(
        log=name,
        champion=pair.champion,
        challenger=pair.challenger,
        first=first,
        last=last,
        shadow=tally.shadow.result(),
        canary=tally.canary.result() if tally.canary is not None else None,
        interleaved=tally.interleaved.result(),
        events={what: count for what, count in events.items() if count},
        broken=dealt.broken,
    )


class _Tally:
    """Gives each request to the parts that it belongs to."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.shadow, self.interleaved = Shadow(), Interleaved()
        self.canary = Canary(pair.window) if pair.window is not None else None
        self.span = (pair.newest, pair.newest)

    def add(self, request: Request) -> bool:
        """Whether the request takes part in any comparison."""
        answers, pair, part = request.answers, self._pair, False
        champion, shadow, both = (answers.get(role) for role in ("champion", "shadow", "interleaved"))
        if shadow is not None and shadow.version == pair.challenger and (champion is None or champion.version == pair.champion):
            part |= self.shadow.add(champion, shadow, request.acts)
        if both is not None and both.version == pair.interleaved:
            part |= self.interleaved.add(both, request.acts)
        for side, version in (("champion", pair.champion), ("challenger", pair.challenger)):
            answer = answers.get(side)
            if self.canary is not None and answer is not None and answer.version == version:
                part |= self.canary.add(side, answer, request.acts)
        if part and request.shown is not None:
            self.span = (min(self.span[0], request.shown.time), max(self.span[1], request.shown.time))
        return part
