"""The prior is fitted without randomness and never for the worse; trust is what validation says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_training import KNOBS, run

from fuserank.losses import LOSSES
from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import DataIdentity, ModelMeta, load_model, save_model
from fuserank.prior import SHRINKAGE, TRUSTS, best_trust, fit_prior, standard_error
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates
from fuserank.slates import collate, project_catalogue, score_slate
from fuserank.training import train

SOFTMAX = LOSSES["softmax"]


def fresh(tiny):
    torch.manual_seed(0)
    return Ranker(RankerSpec(tiny.features.specs(), "sum", "sequence", width=8, rank=4))


def batches(tiny, ranker):
    return [collate(tiny.features.queries, [slate], ranker.spec.modalities) for slate in tiny.slates[0]]


def objective(ranker, data, weight):
    """What the prior is fitted to, written anew: mean loss over batches, and the shrinkage."""
    losses = [SOFTMAX((ranker.present_pairs(s) * weight).sum(-1), grades, s.mask) for s, grades in data]
    return float(sum(losses) / len(losses) + SHRINKAGE * (weight**2).sum())


def test_a_fitted_prior_is_better_than_weights_of_one_and_nothing_else_changes(tiny):
    ranker = fresh(tiny)
    data, before = batches(tiny, ranker), {k: v.clone() for k, v in ranker.state_dict().items()}
    fit_prior(ranker, data, SOFTMAX)
    fitted = ranker.prior.weight[0]
    assert objective(ranker, data, fitted) < objective(ranker, data, torch.ones_like(fitted)) - 1e-3
    nudges = 0.05 * torch.randn(20, len(fitted), generator=torch.Generator().manual_seed(0))
    assert all(objective(ranker, data, fitted + nudge) >= objective(ranker, data, fitted) - 1e-5 for nudge in nudges)
    assert {k for k, v in ranker.state_dict().items() if not torch.equal(v, before[k])} == {"prior.weight"}
    assert not ranker.prior.weight.requires_grad


def test_the_fit_is_deterministic(tiny):
    weights = []
    for seed in (0, 1):
        ranker = fresh(tiny)
        data = batches(tiny, ranker)
        torch.manual_seed(seed)
        fit_prior(ranker, data, SOFTMAX)
        weights.append(ranker.prior.weight.clone())
    assert torch.equal(*weights)


def test_a_fit_that_is_not_finite_is_not_taken(tiny, monkeypatch):
    def diverge(optimizer, closure):
        closure()
        optimizer.param_groups[0]["params"][0].data[0] = float("nan")

    monkeypatch.setattr(torch.optim.LBFGS, "step", diverge)
    ranker = fresh(tiny)
    fit_prior(ranker, batches(tiny, ranker), SOFTMAX)
    assert equal_weights(ranker)


def test_without_pair_scores_there_is_nothing_to_fit():
    ranker = Ranker(RankerSpec((ModalitySpec("a", 3, 3, (), "unit"),), "sum", "sequence", width=8, rank=0))
    fit_prior(ranker, [], SOFTMAX)
    assert torch.equal(ranker.prior.weight, torch.ones_like(ranker.prior.weight))


def scored(*slates):
    return [tuple(np.array(part, np.float32) for part in slate) for slate in slates]


@pytest.mark.parametrize(
    ("prior", "learned", "grades", "trust"),
    [
        ([1, 0], [0, 0], [1, 0], 0.0),  # all equal: the smallest
        ([1, 0], [-9, 9], [1, 0], 0.0),  # the network is wrong
        ([1, 0], [0, 9], [0, 1], 0.2),  # right from 1/9 on: the first of the grid above it
        ([1, 0], [0, 1.1], [0, 1], 1.0),  # only at full trust
    ],
)
def test_the_best_trust_of_the_grid_the_smallest_of_equals(prior, learned, grades, trust):
    data = scored((prior, learned, grades))
    assert best_trust(data) == (trust, max(ndcg(data[0][0] + t * data[0][1], data[0][2]) for t in TRUSTS))


FOR, AGAINST = ([0, 0], [0, 1], [0, 1]), ([0, 0], [0, 1], [1, 0])  # what is learned is right about one, wrong about the other
WRONG = 1 / np.log2(3)  # nDCG of two candidates in the wrong order


def test_trust_is_best_in_the_mean_over_slates():
    """At any weight what is learned helps 8 queries; above 1/2 it harms 2 that the prior has right."""
    trust, quality = best_trust(scored(*[FOR] * 8, *[([1, 0], [0, 2], [1, 0])] * 2))
    assert (trust, quality) == (0.1, 1.0)
    assert best_trust(scored(([9, 0], [0, 1], [0, 1]))) == (10.0, 1.0), "prior and learned need not have one scale"


def test_chance_does_not_move_a_ranker_from_its_prior():
    """Of 10 queries 3 gain and 2 lose as much: less than a standard error, so the prior stays, and its own quality is what is said.
    The same shares of 1,000 queries are no chance."""
    few = [FOR] * 3 + [AGAINST] * 2 + [([1, 0], [0, 0], [1, 0])] * 5
    trust, quality = best_trust(scored(*few))
    assert (trust, quality) == (0.0, pytest.approx((7 + 3 * WRONG) / 10))
    trust, quality = best_trust(scored(*few * 100))
    assert (trust, quality) == (0.1, pytest.approx((8 + 2 * WRONG) / 10))


def test_standard_error():
    """By hand: 1, 2, 3 deviate by 1, so their mean by 1/√3; of one value nothing is known."""
    assert standard_error(np.array([1.0, 2.0, 3.0])) == pytest.approx(3**-0.5)
    assert standard_error(np.array([4.0])) == 0.0


def test_trust_of_zero_is_the_prior_exactly(tiny):
    ranker = fresh(tiny)
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(torch.randn_like(parameter))
    projected, slate = project_catalogue(ranker, tiny.features), tiny.slates[2][0]
    shaken = score_slate(ranker.eval(), projected, tiny.features.queries, slate)
    ranker.trust.fill_(0.0)
    batch, _ = collate(tiny.features.queries, [slate], ranker.spec.modalities)
    prior = ranker.prior(ranker.present_pairs(batch))[0, :, 0].detach().numpy()
    assert np.array_equal(score_slate(ranker, projected, tiny.features.queries, slate), prior)
    assert not np.array_equal(shaken, prior)


def test_training_chooses_the_trust_and_never_below_the_curve(tiny):
    trained = run(tiny, replace(KNOBS, learning_rate=0.3))  # so fast that the network harms
    assert float(trained.ranker.trust) in [pytest.approx(t) for t in TRUSTS]
    assert trained.best.val_ndcg >= max(e.val_ndcg for e in trained.history)
    alone = train(trained.ranker.spec, tiny.features, tiny.slates[0], tiny.slates[1], replace(KNOBS, learning_rate=1e-12), seed=0)
    assert trained.best.val_ndcg >= alone.best.val_ndcg, "the prior alone is within reach"


def test_trust_and_prior_come_back_from_disk(tiny, tmp_path):
    ranker = fresh(tiny)
    ranker.trust.fill_(0.35)
    ranker.prior.weight.data.copy_(torch.arange(ranker.prior.weight.numel()).view_as(ranker.prior.weight) - 1.5)
    meta = ModelMeta(name="m", ranker=ranker.spec.as_dict(), encoders={}, data=DataIdentity(name="d", version="v"))
    save_model(tmp_path / "m", ranker, meta)
    loaded, _ = load_model(tmp_path / "m")
    assert torch.equal(loaded.trust, ranker.trust)
    assert torch.equal(loaded.prior.weight, ranker.prior.weight)


def test_a_loss_that_is_not_finite_gives_equal_weights(tiny):
    ranker = fresh(tiny)
    fit_prior(ranker, batches(tiny, ranker), lambda logits, grades, mask: (logits * float("nan")).sum())
    assert equal_weights(ranker)


def equal_weights(ranker):
    """1 each, of all pair scores or of the one that is best alone."""
    weight = ranker.prior.weight[0].tolist()
    return set(weight) <= {0.0, 1.0} and sum(weight) in (1, len(weight))


def shop_of_scores(grade, queries=30, seed=0):
    """A ranker with three pair scores and nothing else, and slates whose grades `grade` makes out of them (N, 3)."""
    ranker = Ranker(RankerSpec((ModalitySpec("a", 2, 0, ("one", "two", "three"), "unit"),), "", "", late=4))
    rng, data = torch.Generator().manual_seed(seed), []
    for _ in range(queries):
        pairs = torch.randn(1, 12, 3, generator=rng)
        everywhere = torch.ones(1, 12, 1, dtype=torch.bool)
        nothing = torch.zeros(1, 12, dtype=torch.long)
        slates = Slates({}, nothing[:, :1], everywhere[:, 0, :0], nothing, everywhere, pairs, everywhere[..., 0])
        data.append((slates, grade(pairs, rng)))
    return ranker, data


def top(values):
    """Grade 1 for the best third."""
    return (values.argsort(-1, descending=True).argsort(-1) < 4).float()


def test_scores_that_are_better_together_are_added():
    ranker, data = shop_of_scores(lambda pairs, _: top(pairs[..., 0] + 2 * pairs[..., 2]))
    fit_prior(ranker, data, SOFTMAX)
    one, two, three = ranker.prior.weight[0].tolist()
    assert one > 0 and three / one == pytest.approx(2, rel=0.3)
    assert abs(two) < one / 3


def test_a_score_that_the_others_add_nothing_to_stands_alone():
    """Grades follow the second score, hidden in noise, so that a sum fitted to few queries follows the noise too."""
    ranker, data = shop_of_scores(lambda pairs, rng: top(pairs[..., 1] + torch.randn(pairs.shape[:2], generator=rng)), queries=10)
    fit_prior(ranker, data, SOFTMAX)
    one, two, three = ranker.prior.weight[0].tolist()
    assert one == three == 0 and two > 0.2
