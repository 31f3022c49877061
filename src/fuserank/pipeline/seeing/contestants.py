"""Who is compared: a name becomes a ranker that orders slates, and, where it is a model, one whose scores can be taken apart."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor

from fuserank.baselines import BASELINES
from fuserank.data.importers.trec import read_run
from fuserank.errors import InputError, UnknownNameError
from fuserank.evaluation.entries import Score
from fuserank.explain.probe import Probe
from fuserank.model_folder import META, check_encoders, load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.registered import version_of
from fuserank.pipeline.releasing import release_file
from fuserank.pipeline.train import slates_of
from fuserank.ranker import Ranker
from fuserank.serving import read_release
from fuserank.slates import Features, Slate, keep_modalities, project_catalogue

RUN = "run:"
RULES = (".toml", ".json")
SHOWN = 5  # ids in an error


@dataclass(frozen=True)
class Ordered:
    """A slate's products, best first, and the rules that moved some of them."""

    products: list[str]
    moved_by: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """One side of a comparison.

    Attributes:
        name: as it was asked for.
        said: what it is, in words.
        order: orders a slate.
        probe: takes the scores of a slate apart; None where the ranker is no model.
        notes: what a reader must know.
    """

    name: str
    said: str
    order: Callable[[Slate], Ordered]
    probe: Callable[[Slate], Probe] | None = None
    score: Score | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """All that can be compared on a job's test queries.

    Args:
        features: of the job.
    """

    job: Job
    features: Features

    def find(self, name: str) -> Contestant:
        """The contestant of a name.

        Raises:
            InputError: of another dataset, a run that names what is not here, rules over what is no model.
            UnknownNameError: nobody has the name.
        """
        if name.startswith(RUN):
            return self._run(name, Path(name.removeprefix(RUN)))
        base, plus, file = name.rpartition("+")
        if plus and file.endswith(RULES):
            from fuserank.pipeline.seeing.ruled import ruled

            return ruled(self.job, self.features, self.find(base), Path(file), name)
        registered = registry(self.job)
        version = {"champion": registered.champion, "challenger": self._challenger}.get(name, lambda: None)()
        if version is None and (Path(name) / META).is_file():
            return self._model(name, Path(name), "model folder")
        if version is None and (entry := self._entry(name)):
            return self._baseline(name, entry)
        if version is None and name not in ("champion", "challenger"):
            try:
                version = registered.find(name)
            except InputError as error:
                if "may be" in error.came:
                    raise
        if version is None:
            raise self._unknown(name)
        return self._model(name, registered.path(version), f"version {version}")

    def _model(self, name: str, folder: Path, said: str) -> Contestant:
        ranker, meta = load_model(folder)
        if meta.data.name != self.job.name:
            raise InputError(
                f"{name} was trained on {meta.data.name}",
                allowed=f"a model of {self.job.name}",
                todo="compare rankers of one dataset",
            )
        check_encoders(meta, self.job.modalities)
        keep = tuple(meta.settings.get("keep", [m.name for m in self.job.modalities]))
        score = score_with(self.features, ranker, keep)
        other = meta.data.version != self.job.dataset.version
        notes = (f"{name} was trained on another version of the data, {meta.data.version[:12]}",) if other else ()
        taken_apart = _Probes(ranker, self.features, keep)
        return Contestant(name, f"{meta.name}, {said}", ordering(self.features, score), taken_apart, score, notes)

    def _challenger(self) -> str | None:
        """The released challenger, else the model that the gate judged last."""
        release = release_file(self.job.settings.home, self.job.name)
        if release.is_file() and (second := read_release(release).challenger):
            return version_of(second.package)
        note = self.job.reports / "gate.json"
        judged = json.loads(note.read_text())["version"] if note.is_file() else None
        return judged if judged != registry(self.job).champion() else None

    @cached_property
    def entries(self) -> list[str]:
        """Names of baselines: those on the last leaderboard, else those that are configured."""
        stored = self.job.reports / "leaderboard.json"
        if not stored.is_file():
            return list(self.job.settings.evaluation.baselines)
        rows = json.loads(stored.read_text())["board"]["rows"]
        return [row["ranker"] for row in rows if row["kind"] != "fusion" and not row["ranker"].endswith(" only")]

    def _entry(self, name: str) -> str | None:
        """The baseline that is meant: its name, its key, or some of the words of one name."""
        words = _words(name)
        exact = [entry for entry in self.entries if _words(entry) == words]
        some = [entry for entry in self.entries if words and set(words) <= set(_words(entry))]
        found = exact or some
        if not found and name in BASELINES:
            return name
        return found[0] if len(found) == 1 else None

    def _baseline(self, name: str, entry: str) -> Contestant:
        """Fitted as on the leaderboard, with the first seed; cheap ones are tried first."""
        slates, seed = slates_of(self.job, self.features), self.job.settings.training.seeds[0]
        for key in sorted(self.job.settings.evaluation.baselines, key=lambda key: (key != entry, BASELINES[key].kind == "peer")):
            fitted = BASELINES[key].fit(self.features, slates[0], slates[1], seed)
            chosen = entry if entry in fitted else next(iter(fitted), "") if key == entry and len(fitted) == 1 else ""
            if chosen:
                score = fitted[chosen]
                return Contestant(name, f"baseline {chosen}", ordering(self.features, score), None, score)
        raise self._unknown(name)

    def _run(self, name: str, file: Path) -> Contestant:
        """A TREC run; products that it leaves out stand behind those that it names, candidates of no query are left out."""
        rankings = read_run(file).rankings
        for what, known, came in (
            ("queries", {query.query_id for query in self.job.dataset.queries}, rankings),
            ("products", set(self.features.catalogue.product_ids), (p for ids, _ in rankings.values() for p in ids)),
        ):
            if unknown := sorted(set(came) - known):
                raise InputError(
                    f"{file.name} names {len(unknown)} unknown {what}: {', '.join(unknown[:SHOWN])}",
                    allowed=f"{what} of {self.job.name}",
                    todo="is this a run on another dataset?",
                )
        ids = self.features.catalogue.product_ids

        def order(slate: Slate) -> Ordered:
            there = [ids[row] for row in slate.rows]
            named = rankings.get(self.features.queries.query_ids[slate.query], ([], None))[0]
            kept = [product for product in named if product in set(there)]
            return Ordered([*kept, *(product for product in there if product not in set(kept))])

        return Contestant(name, f"TREC run {file.name}", order, notes=(f"{file.name}: what it leaves out stands behind the rest",))

    def _unknown(self, name: str) -> UnknownNameError:
        known = ["champion", "challenger", *registry(self.job).versions(), *self.entries]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        return UnknownNameError(
            f"no ranker {name[:80]!r} of {self.job.name}",
            allowed=f"{', '.join(known)}; a model folder, run:FILE, or MODEL+RULES.toml",
            todo=f"did you mean {' or '.join(map(repr, near))}?" if near else "name one of them",
        )


class _Probes:
    """Probes of one model; the catalogue is projected once, when the first is asked for."""

    def __init__(self, ranker: Ranker, features: Features, keep: Sequence[str]) -> None:
        self.ranker, self.features, self.keep = ranker, features, keep

    @cached_property
    def projected(self) -> Tensor:
        return project_catalogue(self.ranker, self.features)

    def __call__(self, slate: Slate) -> Probe:
        (kept,) = keep_modalities([slate], self.ranker.spec.modalities, self.keep)
        return Probe(self.ranker, self.projected, self.features, kept)


def ordering(features: Features, score: Score) -> Callable[[Slate], Ordered]:
    """Orders by score; equal scores keep the order of the slate."""
    ids = np.array(features.catalogue.product_ids)
    return lambda slate: Ordered(ids[slate.rows[np.argsort(-score(slate), kind="stable")]].tolist())


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", name.casefold()))
