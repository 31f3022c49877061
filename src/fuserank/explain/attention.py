"""The weights that a fusion itself gives to modalities: not what decided a score (shares say that), but where the model looked."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fuserank.features.queries import QueryFeatures
from fuserank.ranker import Ranker
from fuserank.slates import Slate, collate


@torch.inference_mode()
def fusion_weights(ranker: Ranker, projected: Tensor, queries: QueryFeatures, slate: Slate) -> np.ndarray | None:
    """Weights of the modalities of each candidate.

    Args:
        ranker: in evaluation mode. Its fusion has weights when it has a method `weights(x, present, query)`.

    Returns:
        (N, M) float32, 0 where a modality is absent; None when the fusion has no weights, or there is no fusion.
    """
    fusion = ranker.fusion
    weights = getattr(fusion, "weights", None)
    if fusion is None or weights is None:
        return None
    caller, seen = threading.get_ident(), []

    def note(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any], __: Any) -> None:
        if threading.get_ident() == caller:  # another request may run through the same ranker now
            seen.append((args, kwargs))

    handle = fusion.register_forward_hook(note, with_kwargs=True)
    try:
        batch, _ = collate(queries, [slate], ranker.spec.modalities, projected.device)
        ranker(projected, batch)
    finally:
        handle.remove()
    args, kwargs = seen[-1]
    found: np.ndarray = (weights(*args, **kwargs)[0] * batch.present[0]).float().cpu().numpy()
    return found
