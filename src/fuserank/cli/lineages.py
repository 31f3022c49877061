"""Commands that read a registry: what there is, where it comes from, who decided what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from fuserank.cli.base import Data, Told, job_of, models, tells, utc
from fuserank.cli.completion import versions
from fuserank.errors import InputError, ModelFolderError
from fuserank.pages import DASH, number

if TYPE_CHECKING:
    from fuserank.model_registry import Transition
    from fuserank.pipeline.lineage import Lineage

Card = Annotated[bool, typer.Option("--card", help="print the model card instead")]
KEYS = ("version", "state", "ranker", "test", "val", "data", "trained", "package", "bento", "released_as")  # of `list --json`
VAL = "val nDCG@10"  # what training puts among the metrics of a model


@models.command("list")
@tells
def models_list(data: Data) -> Told:
    """List a dataset's models, oldest first.

    Champion, scores, data, packages, what is released.
    """
    from fuserank.pipeline.gate import registry

    job = job_of(data)
    known = registry(job).versions()
    if not known:
        return Told([], (escape(f"no models of {data} yet; next: python -m flows.chain {data}"),))
    heads = ("version", "state", "ranker", "nDCG@10 test", "val", "data", "trained (UTC)", "package", "Bento", "released as")
    table = Table(*heads, box=None, pad_edge=False)
    rows = [_row(job.settings.home, job.name, version) for version in known]
    for row in rows:
        table.add_row(*map(escape, row))
    return Told([dict(zip(KEYS, row, strict=False)) for row in rows], (table,))


def _row(home: Path, name: str, version: str) -> tuple[str, ...]:
    from fuserank.pipeline.lineage import lineage
    from fuserank.pipeline.registered import DATA_HEX, is_stored

    try:
        found = lineage(home, name, version)
    except ModelFolderError as error:
        return (version, "damaged", error.came)
    meta = found.meta
    assert meta is not None  # it was not pruned
    measured = found.evidence.get(meta.data.version[:DATA_HEX])
    return (
        version,
        "champion" if found.champion else "",
        meta.name,
        number(measured.mean if measured else None, 4),
        number(meta.metrics.get(VAL), 4),
        meta.data.version[:12],
        utc(meta.created),
        "yes" if any(one.here for one in found.built) else "no",
        "yes" if any(is_stored(home, tag) for one in found.built for tag in one.bentos) else "no",
        ", ".join(role for one in found.built for role in one.roles) or DASH,
    )


@models.command()
@tells
def show(
    data: Data,
    version: Annotated[
        str | None, typer.Argument(help="its beginning or end will do; default: the champion", autocompletion=versions)
    ] = None,
    card: Card = False,
) -> Told:
    """Say where a model comes from, and what was decided on it.

    Packages, data, commit, encoders, settings, metrics, decisions.
    """
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.lineage import lineage

    job = job_of(data)
    registered = registry(job)
    chosen = registered.find(version) if version is not None else registered.champion()
    if chosen is None:
        raise InputError(
            f"no champion of {job.name}", allowed=", ".join(registered.versions()) or "none yet", todo="name a version"
        )
    return _told(lineage(job.settings.home, job.name, chosen), card)


@models.command("lineage")
@tells
def models_lineage(
    name: Annotated[str, typer.Argument(help="a Bento's tag, a package, a version, or the model_version of an answer")],
    card: Card = False,
) -> Told:
    """Go back from a Bento, a package or an answer to the model."""
    from fuserank.pipeline.lineage import lineage, trace
    from fuserank.settings import load_settings

    home = load_settings().home
    return _told(lineage(home, *trace(home, name)), card)


def _told(found: Lineage, card: bool) -> Told:
    if card and not found.card:
        raise InputError(f"{found.version} was pruned", allowed="a model that is here", todo="leave --card out")
    return Told(found, tuple(Text(line) for line in ([found.card] if card else _lines(found))))


def _lines(found: Lineage) -> list[str]:
    """A lineage, from what is served back to where it came from, then the decisions."""
    state = "  champion" if found.champion else "  pruned: this is what the log has kept" if found.pruned else ""
    lines = [f"model      {found.version}{state}"]
    for one in found.built:
        notes = [*one.roles, *([] if one.here else ["not here"])]
        lines += [f"package    {one.package}  {', '.join(notes)}".rstrip(), *(f"Bento      {tag}" for tag in one.bentos)]
    if not found.built:
        lines.append("package    none")
    if meta := found.meta:
        lines += [
            f"ranker     {meta.name}, seed {meta.seed}, made {utc(meta.created)}, Python {meta.python}, PyTorch {meta.torch}",
            f"data       {meta.data.name}, version {meta.data.version}",
            f"           DVC hash {meta.data.dvc_hash or 'none'}, judgments: {', '.join(meta.data.sources) or 'not stated'}",
            f"commit     {meta.git_commit or 'unknown'}",
            *(f"encoder    {name}: {info.key}, sha256 {info.sha256 or DASH}" for name, info in meta.encoders.items()),
            *(f"setting    {name} = {value}" for name, value in meta.settings.items()),
            *(f"metric     {name} {value:.4f}" for name, value in meta.metrics.items()),
        ]
    for data, evidence in found.evidence.items():
        latency = f"{evidence.latency_ms_per_1000:.1f} ms per 1,000 candidates"
        lines.append(
            f"evidence   nDCG@10 {evidence.mean:.4f} over {len(evidence.per_query)} test queries of data {data}, {latency}"
        )
    return [*lines, *(line for t in found.transitions for line in _decision(t))]


def _decision(transition: Transition, *, checks: bool = True) -> list[str]:
    """A decision: when, what and who; then why, check by check where the gate decided and `checks` are wanted."""
    champion = f" ({'instead of' if transition.enthrones else 'champion:'} {transition.from_version})"
    about = f"{transition.kind} {transition.to}{champion if transition.from_version else ''}"
    lines = [f"{utc(transition.time)}  {about}, by {transition.who}"]
    made = transition.evidence.get("reasons", []) if checks else []
    whys = [f"{'passed ' if check['passed'] else 'refused'} {check['name']}: {check['words']}" for check in made]
    if whys and (unmeasured := transition.evidence.get("unmeasured")):
        whys.append(unmeasured)
    return [*lines, *(f"    {why}" for why in whys or [transition.reason])]


@models.command()
@tells
def log(data: Data) -> Told:
    """List decisions on models, newest last: when, what, who, why."""
    from fuserank.pipeline.gate import registry

    transitions = registry(job_of(data)).transitions()
    lines = [line for transition in transitions for line in _decision(transition, checks=False)]
    return Told(transitions, tuple(Text(line) for line in lines or [f"no decisions on models of {data} yet"]))
