"""Team draft: nobody's product is lost or shown twice, and over many requests neither team is preferred."""

from hypothesis import given
from hypothesis import strategies as st

from fuserank.serving.interleaving import team_draft

products = st.lists(st.sampled_from([f"p{i}" for i in range(12)]), unique=True, max_size=12)
TEAMS = ("champion", "challenger")


@given(products, products, st.text(max_size=8))
def test_all_products_of_both_are_drafted_once(champion, challenger, seed):
    drafted = [product for product, _ in team_draft(champion, challenger, 24, seed)]
    assert sorted(drafted) == sorted({*champion, *challenger})


@given(products, products, st.integers(0, 24), st.text(max_size=8))
def test_fewer_are_the_head_of_more(champion, challenger, k, seed):
    everything = team_draft(champion, challenger, 24, seed)
    assert team_draft(champion, challenger, k, seed) == everything[:k]


@given(products, products, st.integers(1, 24), st.text(max_size=8))
def test_each_product_was_the_best_left_of_the_team_that_picked_it(champion, challenger, k, seed):
    orders, shown = {"champion": champion, "challenger": challenger}, set()
    for product, team in team_draft(champion, challenger, k, seed):
        assert product == next(p for p in orders[team] if p not in shown)
        shown.add(product)


@given(products, st.text(max_size=8))
def test_when_both_agree_their_order_stands(order, seed):
    assert [product for product, _ in team_draft(order, order, 12, seed)] == order


@given(products.filter(lambda p: len(p) >= 2), st.text(max_size=8))
def test_teams_pick_in_rounds_of_two(order, seed):
    picks = [team for _, team in team_draft(order, order[::-1], len(order), seed)]
    rounds = [picks[i : i + 2] for i in range(0, len(picks) - 1, 2)]
    assert all(set(pair) == set(TEAMS) for pair in rounds)


def test_over_many_requests_each_team_is_first_equally_often():
    """1,000 fair coins: 40 from the middle is 2.5 standard deviations; the seeds are fixed."""
    first = [team_draft(["a", "b"], ["b", "a"], 2, str(seed))[0][1] for seed in range(1000)]
    assert abs(first.count("champion") - 500) < 40


def test_over_many_requests_each_team_picks_equally_often():
    champion, challenger = [f"a{i}" for i in range(10)], [f"b{i}" for i in range(10)]
    picks = [team for seed in range(400) for _, team in team_draft(champion, challenger, 5, str(seed))]
    assert abs(picks.count("champion") / len(picks) - 0.5) < 0.05


def test_the_same_request_gets_the_same_list():
    lists = [team_draft(["a", "b", "c"], ["c", "a", "d"], 4, "request") for _ in range(3)]
    assert lists[0] == lists[1] == lists[2]


def test_an_empty_order_leaves_the_other():
    assert team_draft([], ["a", "b"], 5, "x") == [("a", "challenger"), ("b", "challenger")]
    assert team_draft([], [], 5, "x") == []
