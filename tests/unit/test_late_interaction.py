"""Late interaction against its formula written out pair by pair, and what must hold of it whatever its weights are."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.late_interaction import WORD_IDS, LateInteraction, Terms
from fuserank.projection import ModalitySpec, SplitProjection

SPECS = (
    ModalitySpec("text", 5, 5, ("cosine",), "unit"),  # a sentence: its words are the terms, not its vector
    ModalitySpec("lexical", 0, 0, ("bm25",), "standard"),
    ModalitySpec("picture", 4, 6, (), "standard", is_term=True),
    ModalitySpec("sound", 0, 3, (), "robust", is_term=True),
)
CHANNELS = ("text", "picture", "sound")
B, N, P, K = 3, 6, 8, 16
SEEN = (3, 4, 7, 9)
WORDS = torch.tensor([[3, 9, 0], [7, 55, 4], [55, 66, 0]])  # 55 and 66 were never seen


def made(seed=0):
    """In eval mode, none of its layers at its start; with the standardisers of its channels."""
    torch.manual_seed(seed)
    late, scaling = LateInteraction(SPECS, K, 0.3).eval(), SplitProjection(SPECS, 0, 0, 0.0).query_scaling
    with torch.no_grad():
        for parameter in late.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        for channel in scaling.values():
            channel.fit(1 + 2 * torch.randn(50, len(channel.centre)), "standard")
    late.seen[list(SEEN)] = True
    return late, scaling


def case(seed=1):
    """Vectors of products and queries, which channels are asked, rows of the candidates and what these have."""
    rng = torch.Generator().manual_seed(seed)
    products = {"text": torch.randn(P, 5, generator=rng), "picture": torch.randn(P, 4, generator=rng)}
    queries = {name: torch.randn(B, dim, generator=rng) for name, dim in zip(CHANNELS, (5, 6, 3), strict=True)}
    asked = torch.tensor([[True, False, False], [True, True, True], [True, False, False]])
    rows, present = torch.randint(0, P, (B, N), generator=rng), torch.rand(B, N, len(SPECS), generator=rng) > 0.3
    return products, queries, asked, rows, present


@torch.no_grad()
def scores(late, scaling, products, queries, asked, rows, present, words=WORDS, *, stored=torch.float32):
    projected = late.project_products(products).to(stored).float()
    return late(late.query_terms(words, queries, asked, scaling), late.evidence(projected[rows], present))


@torch.no_grad()
def by_hand(late, scaling, products, queries, asked, rows, present, words=WORDS):
    """importance(e_t) times log σ(z_t), or z_t where t is no word; one pair, one term and one modality at a time."""
    result = torch.zeros(B, N, dtype=torch.float64)
    for b in range(B):
        terms = [(late.words.weight[word], True) for word in words[b] if int(word) in SEEN]
        for c, name in enumerate(CHANNELS):
            if name in ("picture", "sound") and asked[b, c]:
                terms.append((late.terms[name](scaling[name](queries[name][b])), False))
        for n in range(N):
            for e, is_word in terms:
                z = float(late.bias.weight[0] @ e + late.bias.bias)
                for m, name in ((0, "text"), (2, "picture")):
                    if present[b, n, m]:
                        inside = late.product[name].weight @ products[name][rows[b, n]] + late.product[name].bias
                        z += float(e @ (late.look[name].weight.T @ inside)) / math.sqrt(K)
                importance = math.log1p(math.exp(float(late.importance.weight[0] @ e + late.importance.bias)))
                result[b, n] += importance * (-math.log1p(math.exp(-z)) if is_word else z)
    return result.float()


def test_the_fast_path_is_the_formula_and_float16_stays_near_it():
    late, expected = made(), by_hand(*made(), *case())
    assert expected[0].std() > 0.02 and expected[1].std() > 0.2
    torch.testing.assert_close(scores(*late, *case()), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(scores(*late, *case(), stored=torch.float16), expected, atol=2e-3, rtol=2e-3)


def test_padding_and_words_never_seen_change_nothing():
    late, given_ = made(), case()
    padding, strangers = torch.zeros(B, 4, dtype=torch.long), torch.randint(100, WORD_IDS, (B, 4))
    with torch.no_grad():
        late[0].words.weight[0] = 9.0  # whatever stands in the place of padding
    for more in (padding, strangers):
        torch.testing.assert_close(scores(*late, *given_, torch.cat([WORDS, more], dim=1)), scores(*late, *given_))
    late[0].seen[strangers] = True
    known = scores(*late, *given_, torch.cat([WORDS, strangers], dim=1))
    assert (known < scores(*late, *given_)).all(), "the same words show once they are known"


def test_the_order_of_words_does_not_matter():
    torch.testing.assert_close(scores(*made(), *case(), WORDS[:, [2, 0, 1]]), scores(*made(), *case()))


def test_a_query_of_which_nothing_is_known_scores_exactly_0():
    found = scores(*made(), *case())
    assert (found[2] == 0).all()
    assert (found[0] < 0).all() and (found[1] != 0).all(), "of words a score is below 0, of a picture it may be above"


def test_what_a_query_or_a_product_lacks_is_not_read():
    late, (products, queries, asked, rows, present) = made(), case()
    before = scores(*late, products, queries, asked, rows, present)
    absent = present.clone()
    absent[..., 2] = False
    without = scores(*late, products, queries, asked, rows, absent)
    other = products | {"picture": 100 * torch.randn(P, 4)}
    assert torch.equal(scores(*late, other, queries, asked, rows, absent), without)
    assert not torch.allclose(scores(*late, other, queries, asked, rows, present), before)
    elsewhere = queries | {"picture": queries["picture"].clone(), "text": 100 * queries["text"]}
    elsewhere["picture"][0] = 100.0  # the first query has no picture; of text only the words are read
    assert torch.equal(scores(*late, products, elsewhere, asked, rows, present), before)
    elsewhere["picture"][1] += 1.0
    assert not torch.equal(scores(*late, products, elsewhere, asked, rows, present)[1], before[1])


def test_a_modality_without_product_vectors_adds_nothing():
    late, (products, queries, asked, rows, present) = made(), case()
    assert not late[0].project_products(products)[:, [1, 3]].any()
    without = present.clone()
    without[..., [1, 3]] = ~present[..., [1, 3]]
    assert torch.equal(
        scores(*late, products, queries, asked, rows, without), scores(*late, products, queries, asked, rows, present)
    )


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(N)), st.integers(0, 99))
def test_candidates_are_scored_apart(order, seed):
    late, (products, queries, asked, rows, present) = made(seed), case(seed)
    moved = scores(*late, products, queries, asked, rows[:, order], present[:, order])
    torch.testing.assert_close(moved, scores(*late, products, queries, asked, rows, present)[:, order])
    alone = scores(*late, products, queries, asked, rows[:, order[:1]], present[:, order[:1]])
    torch.testing.assert_close(moved[:, :1], alone)


@torch.no_grad()
def pushed(late, products, terms, counts, evidence, words=2):
    """Scores (1, N) when the product of each candidate gains `evidence` (N, T) for the terms that count, in modality 0."""
    gain = torch.linalg.lstsq(terms[0, counts[0]].double(), evidence.T.double() * math.sqrt(K)).solution.T.float()
    more = products.clone()
    more[0, :, 0] += gain
    everything = torch.ones(*products.shape[:3], dtype=torch.bool)
    return late(Terms(terms, counts, words), late.evidence(more, everything))[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.lists(st.floats(0, 3), min_size=N * 2, max_size=N * 2))
def test_more_evidence_never_lowers_a_score(seed, gains):
    late, scaling = made(seed)
    torch.manual_seed(seed)
    products, gains = torch.randn(1, N, len(SPECS), K), torch.tensor(gains).view(N, 2)
    with torch.no_grad():
        terms, counts, words = late.query_terms(WORDS[:1], {n: v[:1] for n, v in case()[1].items()}, case()[2][:1], scaling)
    assert counts.sum() == 2
    before, after = (pushed(late, products, terms, counts, gain, words) for gain in (0 * gains, gains))
    assert (after >= before - 1e-3).all()
    sure = pushed(late, products, terms, counts, gains + 1, words)
    assert (sure > before).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(0.5, 4))
def test_an_excess_for_one_word_does_not_pay_for_the_lack_of_another(seed, excess):
    """Of two words of equal weight and equal bias, evenly met is better than one met twice: log σ is concave."""
    late, _ = made(seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        for layer in (late.bias, late.importance):
            layer.weight.zero_()
    terms, counts = torch.randn(1, 4, K), torch.tensor([[True, True, False, False]])  # two words, neither picture nor sound
    wanted = torch.tensor([[excess, excess], [2 * excess, 0.0], [3 * excess, -excess]])
    both, one, worse = pushed(late, torch.zeros(1, 3, len(SPECS), K), terms, counts, wanted).tolist()
    assert both > one > worse


@pytest.mark.parametrize("size", [1e3, 1e6])
def test_extreme_evidence_is_finite_with_finite_gradients(size):
    late, _ = made()
    terms, counts = torch.ones(1, 4, K, requires_grad=True), torch.tensor([[True, True, False, False]])
    products = torch.stack([torch.full((len(SPECS), K), sign * size) for sign in (-1.0, 1.0)])[None]
    found = late(Terms(terms, counts, 2), late.evidence(products, torch.ones(1, 2, len(SPECS), dtype=torch.bool)))
    found.sum().backward()
    assert torch.isfinite(found).all() and torch.isfinite(terms.grad).all()
    low, high = found[0].tolist()
    assert low < -size and high == pytest.approx(0.0, abs=1e-6)


def test_words_that_do_not_count_are_not_learned():
    late, scaling = made()
    products, queries, asked, rows, present = case()
    evidence = late.evidence(late.project_products(products)[rows], present)
    late(late.query_terms(WORDS, queries, asked, scaling), evidence).sum().backward()
    touched = late.words.weight.grad.abs().sum(1).nonzero().flatten().tolist()
    assert touched == sorted(SEEN)


def test_dropout_is_of_training_alone():
    late, given_ = made(), case()
    assert torch.equal(scores(*late, *given_), scores(*late, *given_))
    late[0].train()
    assert not torch.equal(scores(*late, *given_), scores(*late, *given_))


def test_of_a_picture_there_is_no_enough():
    """Twice the evidence for a term that is no word counts twice, where for a word it soon counts nothing."""
    late, _ = made()
    terms, everything = torch.randn(1, 4, K, generator=torch.Generator().manual_seed(0)), torch.arange(4)
    wanted = torch.tensor([[0.0], [20.0], [40.0]])
    for term, is_word in enumerate((True, True, False, False)):
        nothing, once, twice = pushed(late, torch.zeros(1, 3, len(SPECS), K), terms, (everything == term)[None], wanted).tolist()
        assert once > nothing
        assert (twice - once < 1e-3 * (once - nothing)) if is_word else (twice - once == pytest.approx(once - nothing, rel=1e-3))
