"""Warm start: a new ranker takes over what a trained one learned, as far as the two mean the same by it.

    late            words, and what each modality and channel adds: by name
    per modality    projections of products and queries, bilinear terms, weights of pair scores: by name
    fusion, scorer  whole, when both rankers have the same; those that depend on the list of modalities only when that is the same

Standardisers, prior and trust are never taken: they belong to the data. What a vector means is its encoder's affair, so a modality
whose encoder differs starts fresh, and so does whatever has another shape. Everything that starts fresh is named, but for the
words that the start had inferred from titles: they are inferred anew, from the titles at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import InputError
from fuserank.model_folder import load_model
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec

SCALING = ("product_scaling", "query_scaling")


@torch.no_grad()
def warm_start(ranker: Ranker, start: Ranker | Path, encoders: Mapping[str, EncoderInfo] | None = None) -> list[str]:
    """Set the weights of `ranker` to those of a trained one where they mean the same.

    Args:
        ranker: changed in place; its standardisers, prior and trust stay as they are.
        start: a trained ranker, or its model folder.
        encoders: identity of the encoder of each of the ranker's modalities; compared with those that a model folder records.

    Returns:
        in words, what starts fresh and why; [] when all was taken over.

    Raises:
        ModelFolderError: the folder is damaged.
        InputError: nothing can be taken over.
    """
    source, theirs = (start, None) if isinstance(start, Ranker) else _read(start)
    strange = _strange_modalities(ranker.spec, source.spec, None if theirs is None else (encoders or {}, theirs))
    kept = [spec.name for spec in ranker.spec.modalities if spec.name not in strange]
    sizes = [(_sizes(ranker, part), _sizes(source, part)) for part in ("late", "network")]
    shared = [mine is not None and mine == theirs for mine, theirs in sizes]
    if not kept or not any(shared):
        raise InputError(
            f"nothing of the ranker {source.spec.name} can be taken over: "
            + ("; ".join(strange.values()) or "it has other parts, or parts of other widths"),
            allowed=f"a ranker with a part of {ranker.spec.name} in its width, that shares modalities and encoders",
            todo="start from another model, or train from scratch",
        )
    notes = list(strange.values())
    if shared[0]:
        notes += _take_late(ranker, source, kept)
    elif ranker.late is not None:
        notes.append("late interaction starts fresh: the start has none of its width")
    if shared[1]:
        notes += [*_take_modalities(ranker, source, kept), *_take_queries(ranker, source, kept), *_take_parts(ranker, source)]
    elif ranker.fusion is not None:
        notes.append("the network starts fresh: the start has none of its widths")
    return notes


def _sizes(ranker: Ranker, part: str) -> tuple[int, ...] | None:
    """Widths that must agree for a part to be taken over; None where the ranker lacks it."""
    if part == "late":
        return None if ranker.late is None else (ranker.spec.late,)
    return None if ranker.fusion is None else (ranker.spec.width, ranker.spec.rank)


def _take_late(ranker: Ranker, source: Ranker, kept: Sequence[str]) -> list[str]:
    """Copy words, terms and looks of late interaction; the words that the start has seen count as seen. Gives what starts fresh."""
    new, old, notes = ranker.late, source.late, []
    assert new is not None and old is not None
    for layers, others in ((new.product, old.product), (new.look, old.look), (new.terms, old.terms)):
        for name in [name for name in layers if name in kept]:
            if name in others and _shapes(layers[name]) == _shapes(others[name]):
                layers[name].load_state_dict(others[name].state_dict())
            else:
                notes.append(f"late interaction with {name} starts fresh: the start has none of its shape")
    for whole, other in ((new.words, old.words), (new.bias, old.bias), (new.importance, old.importance)):
        whole.load_state_dict(other.state_dict())
    new.seen |= old.seen
    return list(dict.fromkeys(notes))


def _read(folder: Path) -> tuple[Ranker, Mapping[str, EncoderInfo]]:
    ranker, meta = load_model(folder)
    return ranker, meta.encoders


def _strange_modalities(
    new: RankerSpec, old: RankerSpec, encoders: tuple[Mapping[str, EncoderInfo], Mapping[str, EncoderInfo]] | None
) -> dict[str, str]:
    """The modalities of `new` that mean something else in `old`, and why, in words."""
    old_specs, found = {spec.name: spec for spec in old.modalities}, {}
    for spec in new.modalities:
        other = old_specs.get(spec.name)
        if other is None:
            found[spec.name] = f"modality {spec.name} starts fresh: not in the start"
        elif encoders and encoders[0].get(spec.name) != encoders[1].get(spec.name):
            found[spec.name] = f"modality {spec.name} starts fresh: another encoder"
        elif (spec.pair_names, spec.scaling) != (other.pair_names, other.scaling):
            found[spec.name] = f"modality {spec.name} starts fresh: other pair scores or scaling"
    return found


def _take_modalities(ranker: Ranker, source: Ranker, kept: Sequence[str]) -> list[str]:
    """Copy the layers that belong to one modality; gives what starts fresh."""
    notes = []
    for kind, layers in ranker.projection.named_children():
        if kind in SCALING or not isinstance(layers, nn.ModuleDict):
            continue
        others = getattr(source.projection, kind, {})
        for name in [name for name in layers if name in kept]:
            if name in others and _shapes(layers[name]) == _shapes(others[name]):
                layers[name].load_state_dict(others[name].state_dict())
            else:
                notes.append(f"{kind} layer of {name} starts fresh: the start has none of its shape")
    return notes


def _take_queries(ranker: Ranker, source: Ranker, kept: Sequence[str]) -> list[str]:
    """Copy the blocks of the queries' matrix between channels and modalities that are kept; gives what starts fresh."""
    to, of = ranker.projection.query, source.projection.query
    new, old = _columns(ranker.spec), _columns(source.spec)
    same = [name for name in new if name in kept and name in old and _length(new[name]) == _length(old[name])]
    for name in kept:
        rows, old_rows = _rows(ranker.spec, name), _rows(source.spec, name)
        to.bias[rows] = of.bias[old_rows]
        for channel in same:
            for columns, old_columns in zip(new[channel], old[channel], strict=True):
                to.weight[rows, columns] = of.weight[old_rows, old_columns]
    fresh = [name for name in new if name in kept and name not in same]
    return [f"{name} of queries starts fresh: the start has none of its length" for name in fresh]


def _rows(spec: RankerSpec, modality: str) -> slice:
    """Outputs of the queries' matrix that speak to one modality."""
    stored, at = spec.width + spec.rank, [m.name for m in spec.modalities].index(modality)
    return slice(at * stored, (at + 1) * stored)


def _columns(spec: RankerSpec) -> dict[str, tuple[slice, slice]]:
    """Inputs of the queries' matrix that come from each channel: its vector, and its present flag."""
    channels = [m for m in spec.modalities if m.query_dim]
    start, flags, found = 0, sum(m.query_dim for m in channels), {}
    for c, channel in enumerate(channels):
        found[channel.name] = slice(start, start + channel.query_dim), slice(flags + c, flags + c + 1)
        start += channel.query_dim
    return found


def _length(columns: tuple[slice, slice]) -> int:
    return int(columns[0].stop - columns[0].start)


def _take_parts(ranker: Ranker, source: Ranker) -> list[str]:
    """Copy fusion and scorer where they are the same; gives what starts fresh."""
    new, old, notes = ranker.spec, source.spec, []
    same_list = [m.name for m in new.modalities] == [m.name for m in old.modalities]
    # A scorer reads what its fusion gives, so it is the same only behind the same fusion.
    for part, mine, theirs in (
        ("fusion", new.fusion, old.fusion),
        ("scorer", f"{new.fusion}+{new.scorer}", f"{old.fusion}+{old.scorer}"),
    ):
        if mine != theirs:
            notes.append(f"{part} starts fresh: {theirs} in the start, {mine} here")
        elif not (same_list or _free_of_list(ranker, part)):
            notes.append(f"{part} starts fresh: it depends on the list of modalities, which differs")
        else:
            getattr(ranker, part).load_state_dict(getattr(source, part).state_dict())
    return notes


def _free_of_list(ranker: Ranker, part: str) -> bool:
    """Whether the weights of fusion or scorer would be the same with one more modality."""
    more = replace(ranker.spec, modalities=(*ranker.spec.modalities, ModalitySpec("one more", 0, 0, (), "unit")))
    return _shapes(getattr(ranker, part)) == _shapes(getattr(Ranker(more), part))


def _shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in module.state_dict().items()}
