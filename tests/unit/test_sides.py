"""What is new gets a side that nothing takes away, together with what it looks like."""

from hypothesis import given
from hypothesis import strategies as st

from fuserank.pipeline.sides import SHARES, side_of, sides_of
from fuserank.types import Product


def product(product_id, title="", **fields):
    return Product(product_id, title or f"title of {product_id}", **fields)


def test_shares_are_as_said():
    sides = [side_of(f"q{n}") for n in range(20_000)]
    assert abs(sides.count("train") / 20_000 - 0.7) < 0.02 and abs(sides.count("val") / 20_000 - 0.1) < 0.02


def test_alike_products_go_where_the_old_one_is_also_by_way_of_others():
    old = [product("o", image="i1", split="test")]
    new = [product("a", image="i1"), product("b", image="i2", audio="s1"), product("c", image="i1", audio="s1")]
    assert set(sides_of(new, old).values()) == {"test"}


def test_between_two_sides_stands_on_all_and_an_old_one_without_a_side_holds_nobody():
    old = [product("o", image="i1", split="test"), product("u", image="i2", split="train"), product("f", image="i3")]
    sides = sides_of([product("a", image="i1", audio="s"), product("b", image="i2", audio="s"), product("c", image="i3")], old)
    assert (sides["a"], sides["b"], sides["c"]) == (None, None, side_of("c"))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_whatever_comes_no_trait_is_on_two_sides(media):
    new = [product(f"p{n}", image=f"i{image}", audio=f"s{sound}") for n, (image, sound) in enumerate(media)]
    sides = sides_of(new, [])
    assert set(sides.values()) <= set(SHARES)
    for trait in ("image", "audio", "title"):
        places = {}
        for one in new:
            places.setdefault(getattr(one, trait), set()).add(sides[one.product_id])
        assert all(len(found) == 1 for found in places.values())
