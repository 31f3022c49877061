"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) through the picture encoder and the ranker.

    picture -> A (K, 7, 7) -> mean -> length 1 ┐
                              colours, … ──────┴─ vector -> standardise, project, fuse, score -> logit y
                                             └─ pair scores ────────────────────────────────┘
    heat = ReLU(Σ_k α_k A_k),   α_k = mean over places of ∂y/∂A_k

The gradient goes through the ranker by autograd and through the pair scores by central differences of the modality's own
function, so neither is written a second time. Only what comes from the feature maps has a place in the picture: the rest of the
vector (the colour histogram) is a count, not differentiable, and is held. `Heat.covered` says how much that leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fuserank.encoders.efficientnet import POOLED
from fuserank.errors import StaleFeatureError

STEP = 1e-2  # of the central differences; pair scores are smooth functions of vectors of length 1
SAME = 0.99  # cosine of the pooled features in eager torch with the stored ones, below which they are of another picture

Logit = Callable[[Tensor, Tensor], Tensor]  # the picture's vector (d,) and the candidate's pair scores (S,) -> its logit
Pair = Callable[[np.ndarray], np.ndarray]  # vectors of the picture (n, d) -> the modality's pair scores (n, S')


@dataclass(frozen=True)
class Heat:
    """Where evidence for a candidate lies in a picture.

    Attributes:
        pixels: uint8 (224, 224, 3), the picture as the encoder sees it.
        heat: float32 (7, 7) in 0..1, the largest 1; all 0 when nothing in the picture speaks for the candidate.
        covered: 0..1, how much of the logit's sensitivity to the picture's vector (gradient times length, part by part) goes
            through the feature maps; the rest goes through the colour histogram, which has no places.
    """

    pixels: np.ndarray
    heat: np.ndarray
    covered: float


def grad_cam(
    pixels: np.ndarray,
    maps: Tensor,
    vector: Tensor,
    logit: Logit,
    pairs: Tensor,
    columns: Sequence[int] = (),
    pair: Pair | None = None,
) -> Heat:
    """Heat of a picture for a logit.

    Args:
        pixels: uint8 (224, 224, 3), as the encoder prepares the picture.
        maps: (K, 7, 7), the encoder's feature maps of these pixels.
        vector: (d,) the stored vector of the picture.
        logit: of the picture's vector and the candidate's pair scores.
        pairs: (S,) those pair scores.
        columns: which of them depend on the picture, S' of them.
        pair: how; None: none does.

    Raises:
        StaleFeatureError: the stored vector is not of this picture.
    """
    maps = maps.detach().to(vector.device, copy=True).requires_grad_(True)
    composed = _compose(maps, vector)
    leaf, given = vector.clone().requires_grad_(True), pairs.clone().requires_grad_(True)
    gradient, by_pair = torch.autograd.grad(logit(leaf, given), [leaf, given], allow_unused=True, materialize_grads=True)
    if pair is not None:
        jacobian = torch.from_numpy(_differences(pair, vector.cpu().numpy())).to(gradient)
        gradient = gradient + jacobian @ by_pair[list(columns)]
    (of_maps,) = torch.autograd.grad(composed, maps, gradient)
    heat = torch.relu((of_maps.mean((1, 2), keepdim=True) * maps.detach()).sum(0))
    peak = heat.max()
    return Heat(pixels, (heat / peak if peak > 0 else heat).cpu().numpy(), _covered(gradient, vector))


def _compose(maps: Tensor, vector: Tensor) -> Tensor:
    """The stored vector as a function of the feature maps (K, h, w): its pooled part keeps its length, the rest is held.

    Raises:
        StaleFeatureError: the maps do not pool to the stored vector.
    """
    pooled, stored = F.normalize(maps.mean((1, 2)), dim=0), vector[:POOLED]
    same = float(pooled.detach() @ F.normalize(stored, dim=0))
    if same < SAME:
        raise StaleFeatureError(
            f"a picture whose features have cosine {same:.3f} with the stored vector",
            allowed=f"at least {SAME}",
            todo="give the picture that the vector was made from, or extract the features again",
        )
    return torch.cat([pooled * stored.norm(), vector[POOLED:]])


def _differences(pair: Pair, vector: np.ndarray) -> np.ndarray:
    """Jacobian (d, S') of the pair scores by central differences."""
    steps = STEP * np.eye(len(vector), dtype=np.float32)
    return (pair(vector + steps) - pair(vector - steps)) / (2 * STEP)


def _covered(gradient: Tensor, vector: Tensor) -> float:
    through, held = (float(gradient[part].norm() * vector[part].norm()) for part in (slice(POOLED), slice(POOLED, None)))
    return through / (through + held) if through + held > 0 else 0.0
