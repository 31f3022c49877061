"""Every ranker comes back from its folder with the same scores, on the path that serving takes."""

from itertools import product

import pytest
import torch

from fuserank.fusion import FUSIONS
from fuserank.model_folder import DataIdentity, ModelMeta, load_model, save_model
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates
from fuserank.scorers import SCORERS

SPECS = (
    ModalitySpec("a", 5, 5, ("a.cosine",), "unit", is_term=True),
    ModalitySpec("b", 0, 0, ("b.one", "b.two"), "standard"),
    ModalitySpec("c", 3, 0, (), "robust"),
)


def slates(rng, batch=2, candidates=7):
    def random(*shape):
        return torch.randn(*shape, generator=rng)

    return Slates(
        query_vectors={"a": random(batch, 5)},
        query_words=torch.randint(0, 99, (batch, 4), generator=rng),
        query_present=torch.tensor([[True], [False]]),
        products=torch.randint(0, 9, (batch, candidates), generator=rng),
        present=random(batch, candidates, 3) > -0.5,
        pairs=random(batch, candidates, 3),
        mask=torch.ones(batch, candidates, dtype=torch.bool),
    )


PARTS = [*product([0], FUSIONS, SCORERS), (6, "", ""), (6, "concat", "sequence")]


@pytest.mark.parametrize(("late", "fusion", "scorer"), PARTS)
def test_scores_survive_the_folder(tmp_path, late, fusion, scorer):
    rng = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(SPECS, fusion, scorer, width=8, rank=4, late=late)).eval()
    vectors = {"a": torch.randn(9, 5, generator=rng), "c": torch.randn(9, 3, generator=rng)}
    ranker.fit_scaling(vectors, {"a": torch.randn(4, 5, generator=rng)})
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=rng))
    if ranker.late is not None:
        ranker.late.seen[1:50] = True
    data = DataIdentity(name="none", version="0" * 64)
    save_model(tmp_path / "m", ranker, ModelMeta(name=ranker.spec.name, ranker=ranker.spec.as_dict(), encoders={}, data=data))
    loaded, _ = load_model(tmp_path / "m")
    batch = slates(rng)
    with torch.inference_mode():
        plain = ranker(ranker.project_products(vectors), batch)
        assert torch.equal(loaded(loaded.project_products(vectors), batch), plain)
        stored = loaded.project_products(vectors).half()
        assert torch.allclose(loaded(stored, batch), plain, atol=1e-2, rtol=1e-2)
        assert plain.std() > 0.01
