"""A small trained ranker over the tiny sample store, one whose scorer looks at rivals, and a probe of each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from fuserank.explain.probe import Probe
from fuserank.ranker import Ranker, RankerSpec
from fuserank.slates import Slate, project_catalogue
from fuserank.training import TrainingKnobs, train


@pytest.fixture(scope="session")
def trained(tiny) -> Ranker:
    """attention+sequence, a few epochs."""
    spec = RankerSpec(tiny.features.specs(), "attention", "sequence", width=16, rank=8, dropout=0.0)
    return train(spec, tiny.features, tiny.slates[0], tiny.slates[1], TrainingKnobs(epochs=4), seed=0).ranker


@pytest.fixture(scope="session")
def shaken(tiny) -> Callable[..., Ranker]:
    """A ranker every part of which shows in a score, and that knows every word."""

    def make(fusion: str, scorer: str, late: int = 0) -> Ranker:
        torch.manual_seed(0)
        ranker = Ranker(RankerSpec(tiny.features.specs(), fusion, scorer, width=8, rank=4, late=late)).eval()
        if ranker.late is not None:
            ranker.late.seen[1:] = True
        with torch.no_grad():
            for parameter in ranker.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
        return ranker

    return make


@pytest.fixture(scope="session")
def probe_of(tiny) -> Callable[[Ranker, Slate], Probe]:
    """A probe of a ranker and a slate; a ranker's catalogue is projected once."""
    projected: dict[int, torch.Tensor] = {}

    def make(ranker: Ranker, slate: Slate) -> Probe:
        if id(ranker) not in projected:
            projected[id(ranker)] = project_catalogue(ranker, tiny.features)
        return Probe(ranker, projected[id(ranker)], tiny.features, slate)

    return make


@pytest.fixture(scope="session")
def worded(tiny) -> Slate:
    """A slate of a query of two to six words."""
    texts = tiny.features.queries.texts
    return next(s for slates in tiny.slates for s in slates if 2 <= len(texts[s.query].split()) <= 6)


@pytest.fixture(scope="session")
def pictured(tiny) -> tuple[Slate, bytes]:
    """A slate of a query with a picture, and that picture."""
    images = {q.query_id: q.image for q in tiny.job.dataset.queries if q.image}
    ids = tiny.features.queries.query_ids
    slate = next(s for slates in tiny.slates for s in slates if ids[s.query] in images)
    return slate, tiny.job.dataset.media.get(images[ids[slate.query]])


@pytest.fixture(scope="session")
def with_picture(tiny) -> Callable[[Probe], int]:
    """The best position of a slate whose product has a picture."""
    column = next(m for m, modality in enumerate(tiny.features.modalities) if modality.name == "image")
    return lambda probe: int(next(p for p in np.argsort(-probe.scores) if probe.slate.present[p, column]))
