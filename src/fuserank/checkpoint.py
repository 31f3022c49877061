"""Checkpoints of a training run: one safetensors file (weights, best weights, optimizer state), the rest as JSON in its header.

No pickle. The file is replaced atomically.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fuserank.errors import ModelFolderError
from fuserank.files import write_file

FILE = "checkpoint.safetensors"


def save_checkpoint(
    folder: Path,
    ranker: nn.Module,
    optimizer: torch.optim.Optimizer,
    identity: dict[str, Any],
    *,
    history: list[dict[str, Any]],
    best_weights: dict[str, Tensor],
) -> None:
    """Write the state of a run after an epoch.

    Args:
        identity: JSON-able; what must be equal for the run to be resumed.
        history: one dict per finished epoch.
        best_weights: state dict at the best epoch so far.
    """
    tensors = {f"now/{k}": v for k, v in ranker.state_dict().items()}
    tensors |= {f"best/{k}": v for k, v in best_weights.items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{k}": torch.as_tensor(v) for k, v in values.items()}
    data = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    write_file(folder / FILE, save(data, {"identity": _canonical(identity), "history": json.dumps(history)}))


def load_checkpoint(
    folder: Path, ranker: nn.Module, optimizer: torch.optim.Optimizer, identity: dict[str, Any]
) -> dict[str, Any] | None:
    """Restore weights and optimizer in place.

    Returns:
        ``{"history": …, "best_weights": …}``, or None when there is no checkpoint or it belongs to another run.

    Raises:
        ModelFolderError: the file is not a readable checkpoint.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("identity") != _canonical(identity):
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelFolderError(
            f"{path.name} cannot be read: {error}", todo="delete the checkpoint folder and train again"
        ) from None
    ranker.load_state_dict(_group(tensors, "now/"))
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _group(tensors, "optimizer/").items():
        index, key = name.split("/", 1)
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return {"history": json.loads(header["history"]), "best_weights": _group(tensors, "best/")}


def _group(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)
