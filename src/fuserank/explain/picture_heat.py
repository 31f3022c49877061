"""Where in a product's or a query's picture the score of a candidate comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fuserank.encoders.efficientnet import ARCHITECTURE, EfficientNetLite0
from fuserank.errors import InputError
from fuserank.explain.grad_cam import Heat, Logit, Pair, grad_cam
from fuserank.explain.probe import Probe
from fuserank.modalities.base import Modality
from fuserank.ranker import Slates
from fuserank.slates import collate


def product_heat(probe: Probe, position: int, picture: bytes) -> Heat:
    """Grad-CAM of a candidate's picture for its own logit, its rivals as they are.

    Args:
        picture: the bytes that the catalogue's vector was made from.

    Raises:
        InputError: the candidate has no picture, or pictures are read by another encoder than EfficientNet-Lite0.
        StaleFeatureError: the catalogue's vector is not of these bytes.
    """
    modality, row = _modality(probe), int(probe.slate.rows[position])
    if not probe.slate.present[position, probe.features.modalities.index(modality)]:
        raise InputError(
            f"product {probe.features.catalogue.product_ids[row]!r} has no picture that the ranker sees",
            todo="ask for another part of the explanation",
        )
    vectors = probe.features.product_vectors(np.array([row]), probe.projected.device)
    scene = _Scene.of(probe, position)

    def logit(vector: Tensor, pairs: Tensor) -> Tensor:
        mine = probe.ranker.project_products({**vectors, modality.name: vector[None]})
        others = scene.projected
        return scene.logit(probe, pairs, projected=torch.cat([others[: scene.stand], mine, others[scene.stand + 1 :]]))

    def pair(changed: np.ndarray) -> np.ndarray:
        return modality.pair(probe.features.queries.vectors[modality.name][probe.slate.query], changed)

    asked = _asked_by_picture(probe, modality)
    return scene.heat(probe, modality, picture, vectors[modality.name][0], logit, pair if asked else None)


def query_heat(probe: Probe, position: int, picture: bytes) -> Heat:
    """Grad-CAM of the query's picture for the logit of one candidate.

    Args:
        picture: the bytes that the query's vector was made from.

    Raises:
        InputError: the query has no picture, or pictures are read by another encoder than EfficientNet-Lite0.
        StaleFeatureError: the query's vector is not of these bytes.
    """
    modality, queries, query = _modality(probe), probe.features.queries, probe.slate.query
    if not _asked_by_picture(probe, modality):
        raise InputError(f"query {queries.query_ids[query]!r} has no picture", todo="ask for the product's picture")
    scene = _Scene.of(probe, position)
    column = probe.features.modalities.index(modality)
    product = probe.features.catalogue.vectors[modality.name][probe.slate.rows[position]]

    def logit(vector: Tensor, pairs: Tensor) -> Tensor:
        return scene.logit(probe, pairs, query_vectors={**scene.batch.query_vectors, modality.name: vector[None]})

    def pair(changed: np.ndarray) -> np.ndarray:
        return np.concatenate([modality.pair(vector, product[None]) for vector in changed])

    vector = torch.from_numpy(np.array(queries.vectors[modality.name][query], np.float32)).to(probe.projected.device)
    compared = probe.slate.present[position, column]
    return scene.heat(probe, modality, picture, vector, logit, pair if compared else None)


def _modality(probe: Probe) -> Modality:
    """The modality that reads pictures through EfficientNet-Lite0.

    Raises:
        InputError: there is none.
    """
    found = next((m for m in probe.features.modalities if isinstance(m.encoder, EfficientNetLite0)), None)
    if found is None:
        encoders = [m.encoder.info.name for m in probe.features.modalities if m.encoder]
        raise InputError(f"no heat map through {encoders}", allowed=ARCHITECTURE, todo="ask for another part")
    return found


def _asked_by_picture(probe: Probe, modality: Modality) -> bool:
    """Whether the slate's query has a picture."""
    return bool(probe.features.queries.has(modality.name)[probe.slate.query])


@dataclass(frozen=True)
class _Scene:
    """The candidate among those it must be scored with, as tensors outside inference mode."""

    batch: Slates
    projected: Tensor
    stand: int

    @classmethod
    def of(cls, probe: Probe, position: int) -> _Scene:
        part, stand = probe.part([position])
        batch, _ = collate(probe.features.queries, [part], probe.ranker.spec.modalities, probe.projected.device)
        products = torch.arange(len(part.rows), device=batch.products.device)[None]
        return cls(replace(batch, products=products), probe.projected[batch.products[0]].float().clone(), int(stand[0]))

    def logit(self, probe: Probe, pairs: Tensor, *, projected: Tensor | None = None, **changes: Any) -> Tensor:
        """The candidate's, with its pair scores and whatever else changed."""
        every = self.batch.pairs.clone()
        every[0, self.stand] = pairs
        products = self.projected if projected is None else projected
        score: Tensor = probe.ranker(products, replace(self.batch, pairs=every, **changes))
        return score[0, self.stand]

    def heat(self, probe: Probe, modality: Modality, picture: bytes, vector: Tensor, logit: Logit, pair: Pair | None) -> Heat:
        """Grad-CAM for the candidate's logit; `pair` None: its pair scores do not depend on the picture."""
        assert isinstance(modality.encoder, EfficientNetLite0)
        owner = probe.features.modalities.index(modality)
        columns = [s for s, m in enumerate(probe.ranker.spec.pair_owners) if m == owner]
        pixels = modality.encoder.prepare(picture).pixels
        maps = modality.encoder.feature_maps(pixels[None])[0]
        return grad_cam(pixels, maps, vector, logit, self.batch.pairs[0, self.stand], columns, pair)
