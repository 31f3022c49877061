"""A model on disk: weights, everything needed to use them rightly, and where they come from.

    weights.safetensors  model.json  MODEL_CARD.md  files.json

Never a pickle: reading a model folder runs no code out of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from platform import python_version
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from fuserank.calibration import Calibration
from fuserank.errors import ModelFolderError, StaleFeatureError, UnknownNameError
from fuserank.files import new_folder
from fuserank.modalities.base import EncoderInfo, Modality
from fuserank.model_card import render_card
from fuserank.ranker import Ranker, RankerSpec
from fuserank.sealed import seal, verify

FORMAT = 1
WEIGHTS, META, CARD = "weights.safetensors", "model.json", "MODEL_CARD.md"


class DataIdentity(BaseModel):
    """The data a model was trained and judged with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str = Field(description="Dataset.version: sha256 over all files")
    dvc_hash: str | None = Field(None, description="the hash in data.dvc, when the data is under DVC")
    sources: tuple[str, ...] = Field((), description="who made the judgments, out of fuserank.types.SOURCES")
    licence: str = ""


class ModelMeta(BaseModel):
    """Everything about a model but its weights. JSON of this class is model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: int = FORMAT
    name: str = Field(description="the ranker's name on the leaderboard")
    ranker: dict[str, Any] = Field(description="RankerSpec.as_dict()")
    encoders: dict[str, EncoderInfo] = Field(description="identity of the encoder of each modality that has one")
    settings: dict[str, Any] = Field(default_factory=dict, description="the settings of the training run, JSON values")
    data: DataIdentity
    git_commit: str = ""
    seed: int = 0
    metrics: dict[str, float] = Field(default_factory=dict, description="measure -> value; val … is of validation queries")
    calibration: Calibration | None = Field(None, description="score -> probability; None: validation was too small to fit one")
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    python: str = Field(default_factory=python_version)
    torch: str = Field(default_factory=lambda: str(torch.__version__))

    @field_validator("ranker", "settings", mode="before")
    @classmethod
    def _as_json(cls, values: Any) -> Any:
        """Tuples become lists at once, so that meta equals what comes back from its file."""
        return json.loads(json.dumps(values))


def save_model(folder: Path, ranker: Ranker, meta: ModelMeta) -> None:
    """Write a model folder: it is there as a whole or not at all. An existing `folder` is replaced.

    Raises:
        ModelFolderError: a weight is not finite, or `meta` describes another ranker.
    """
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in ranker.state_dict().items()}
    _refuse_not_finite(folder, weights)
    if RankerSpec.from_dict(meta.ranker) != ranker.spec:
        raise ModelFolderError(
            f"meta of {folder} describes another ranker than the one given",
            allowed="ranker.spec.as_dict()",
            todo="build the meta from the ranker that is saved",
        )
    with new_folder(folder) as work:
        save_file(weights, work / WEIGHTS)
        (work / META).write_text(meta.model_dump_json(indent=2) + "\n")
        (work / CARD).write_text(render_card(meta.model_dump(mode="json")))
        seal(work)


def load_model(folder: Path) -> tuple[Ranker, ModelMeta]:
    """Read a model folder after checking every byte of it.

    Returns:
        the ranker in evaluation mode on the CPU, and its meta.

    Raises:
        ModelFolderError: missing, half-written or altered folder, unknown format, fusion or scorer, or weights that do not fit.
    """
    meta = read_meta(folder)
    try:
        ranker = Ranker(RankerSpec.from_dict(meta.ranker))
        weights = load_file(folder / WEIGHTS)
        ranker.load_state_dict(weights, strict=True)
    except UnknownNameError as error:
        raise ModelFolderError(
            f"{folder}: {error.came}", allowed=error.allowed, todo="use the version of fuserank that wrote it"
        ) from error
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelFolderError(
            f"{folder}: the weights and the ranker do not fit: {str(error)[:300]}",
            allowed="the tensors that the ranker's spec asks for",
            todo="train the model again",
        ) from error
    _refuse_not_finite(folder, weights)
    return ranker.eval(), meta


def read_meta(folder: Path) -> ModelMeta:
    """Read what a model says of itself, after checking every byte of its folder.

    Raises:
        ModelFolderError: missing, half-written or altered folder, or unknown format.
    """
    verify(folder, (WEIGHTS, META, CARD))
    try:
        meta = ModelMeta.model_validate_json((folder / META).read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ModelFolderError(
            f"{folder}/{META}: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            allowed=f"format {FORMAT}",
            todo="use the version of fuserank that wrote it",
        ) from None
    if meta.format != FORMAT:
        raise ModelFolderError(
            f"{folder} has format {meta.format}",
            allowed=f"format {FORMAT}",
            todo="use the version of fuserank that wrote it, or train the model again",
        )
    return meta


def check_encoders(meta: ModelMeta, modalities: Sequence[Modality]) -> None:
    """Refuse a model whose features would come from another encoder than the one it was trained with.

    Args:
        meta: of the model.
        modalities: as installed.

    Raises:
        StaleFeatureError: an encoder is missing, new, or of another identity.
    """
    installed = {m.name: m.encoder.info for m in modalities if m.encoder is not None}
    for name in sorted(meta.encoders.keys() | installed.keys()):
        trained, found = meta.encoders.get(name), installed.get(name)
        if trained != found:
            raise StaleFeatureError(
                f"modality {name!r}: installed encoder {_say(found)}",
                allowed=_say(trained),
                todo="install the encoder that the model was trained with, or train the model again",
            )


def _say(info: EncoderInfo | None) -> str:
    return "none" if info is None else f"{info.key} (dim {info.dim}, sha256 {info.sha256[:16] or '-'})"


def _refuse_not_finite(folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
    # NaN and infinity survive in the extremes; asking every number takes five times as long, and a restart waits for it.
    bad = [name for name, value in weights.items() if value.numel() and not torch.isfinite(torch.stack(torch.aminmax(value))).all()]
    if bad:
        raise ModelFolderError(
            f"{folder}: not finite: {', '.join(bad[:5])}", allowed="finite weights", todo="train the model again"
        )
