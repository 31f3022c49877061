"""A file of rules is taken whole or refused in words: rule, key and line."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.errors import InputError
from fuserank.merchandising import read_rules
from fuserank.merchandising.reading import MAX_BYTES, parse_rules
from tests.unit.test_docs import ROOT, blocks, page

PIN = '[[rules]]\nname = "{name}"\nkind = "pin"\nproduct = "{product}"\nplace = {place}\n'


def pins(*places, **more):
    extra = "".join(f"{key} = {value}\n" for key, value in more.items())
    return "".join(PIN.format(name=f"r{n}", product=f"p{n}", place=place) + extra for n, place in enumerate(places)).encode()


def refused(data):
    with pytest.raises(InputError) as caught:
        parse_rules(data, "my.toml")
    return str(caught.value)


def test_toml_and_json_say_the_same():
    toml = parse_rules(b'[[rules]]\nname="a"\nkind="hide"\nproducts={ids=["p1"]}\nfrom=2026-01-01T00:00:00Z\n')
    rule = {"name": "a", "kind": "hide", "products": {"ids": ["p1"]}, "from": "2026-01-01T00:00:00Z"}
    as_json = parse_rules(json.dumps({"rules": [rule]}).encode())
    assert toml.rules == as_json.rules
    assert toml.version != as_json.version


def test_an_empty_file_is_no_rules():
    assert parse_rules(b"").rules == ()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ('place = 0\nproduct = "p"\nkind = "pin"', "key place"),
        ('place = 1\nproduct = "p"\nkind = "pin"\nplaces = 3', "key places"),
        ('kind = "promote"', "kind"),
        ('kind = "hide"\nproducts = {}', "say at least one of"),
        ('kind = "hide"\nproducts = {min_price = 3, max_price = 2}', "min_price is above max_price"),
        ('kind = "synonym"\nadd = "x"', "needs query"),
        ('kind = "synonym"\nquery = {exact = ["x"]}', "say add or replace"),
        ('kind = "pin"\nplace = 1\nproduct = "p"\nquery = {exact = ["!!"]}', "at least one word"),
        ('kind = "pin"\nplace = 1\nproduct = "p"\nfrom = 2026-02-01T00:00:00Z\nuntil = 2026-01-01T00:00:00Z', "until is not after"),
        ('kind = "pin"\nplace = 1\nproduct = "p"\nfrom = 2026-02-01T00:00:00', "timezone"),
        ('kind = "boost"\nproducts = {ids = ["p"]}\nby = 1001', "key by"),
        ('kind = "boost"\nproducts = {max_price = inf}\nby = 1', "max_price"),
    ],
)
def test_an_error_names_rule_line_and_key(broken, says):
    said = refused(pins(1) + f'\n[[rules]]\nname = "the bad one"\n{broken}\n'.encode())
    assert "rule 2 'the bad one' (line 7)" in said
    assert says in said
    assert "fuserank rules check" in said


def test_broken_toml_names_the_line():
    assert "line 3" in refused(b'[[rules]]\nname = "a"\nkind = pin\n')


def test_a_name_twice_is_refused():
    assert "rule 2 'r0' (line 6)" in refused(pins(1) + PIN.format(name="r0", product="q", place=2).encode())


def test_two_pins_for_one_place_are_refused_by_name():
    said = refused(pins(3, 3))
    assert "rule 2 'r1'" in said
    assert "rule 1 'r0'" in said
    assert "place" in said


def test_two_pins_for_one_place_may_follow_each_other():
    first = PIN.format(name="a", product="p", place=1) + "until = 2026-02-01T00:00:00Z\n"
    then = PIN.format(name="b", product="q", place=1) + "from = 2026-02-01T00:00:00Z\n"
    assert len(parse_rules((first + then).encode()).rules) == 2
    assert "place" in refused((first + then.replace("2026-02-01", "2026-01-31")).encode())


def test_a_file_that_is_not_there_or_too_large(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_rules(tmp_path / "none.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="more than"):
        read_rules(large)


def test_values_are_cut():
    assert len(refused(PIN.format(name="n" * 100_000, product="p", place=1).encode())) < 700


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_rules_or_an_error_of_ours(data):
    with contextlib.suppress(InputError):
        parse_rules(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rules", "name", "kind", "query", "by"]), inner),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_rules_or_an_error_of_ours(value):
    for data in ({"rules": value}, {"rules": [value]}, {"rules": [{"name": "a", "kind": "pin", "product": value}]}):
        with contextlib.suppress(InputError):
            parse_rules(json.dumps(data).encode())


def test_deep_nesting_is_an_error_of_ours():
    refused(b'{"rules": ' + b"[" * 100_000)
    refused(b"rules = " + b"[" * 100_000)


def test_the_examples_of_the_docs_are_rules():
    whole = read_rules(ROOT / "docs" / "examples" / "rules.toml")
    assert {rule.kind for rule in whole.rules} == {"pin", "boost", "bury", "hide", "only", "synonym"}
    for block in blocks(page("docs/merchandising.md"), "toml"):
        assert parse_rules(block.encode()).rules
