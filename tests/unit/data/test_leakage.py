from dataclasses import replace

import pytest

from fuserank.data.dataset import write_dataset
from fuserank.data.leakage import leaks
from fuserank.types import Judgment


@pytest.fixture
def altered(sample, tmp_path):
    """Write the sample with some rows changed."""

    def write(*, products=(), queries=(), judgments=(), attributes="{}", regime="default"):
        changed = {item.product_id: item for item in products} | {item.query_id: item for item in queries}
        return write_dataset(
            tmp_path / "altered",
            sample.manifest.model_copy(update={"regime": regime}),
            products=[replace(changed.get(p.product_id, p), attributes=attributes) for p in sample.products],
            queries=[changed.get(q.query_id, q) for q in sample.queries],
            judgments=[Judgment(q, p, g, "synthetic") for q, grades in sample.qrels.items() for p, g in grades.items()]
            + list(judgments),
        )

    return write


def one_of(items, split, **wanted):
    return next(item for item in items if item.split == split and all(bool(getattr(item, k)) == v for k, v in wanted.items()))


def test_the_sample_has_none(sample):
    assert leaks(sample) == []


def test_attributes_are_not_read(altered):
    assert leaks(altered(attributes='{"same": "everywhere"}')) == []


def test_group(sample, altered):
    train, test = (one_of(sample.queries, split) for split in ("train", "test"))
    assert leaks(altered(queries=[replace(test, group=train.group)])) == [f"query group on two sides: {train.group!r}"]


def test_query_text_whatever_its_case_and_spaces(sample, altered):
    plain = {"image": False, "audio": False, "user_id": False}
    train, test = (one_of(sample.queries, split, text=True, **plain) for split in ("train", "test"))
    found = leaks(altered(queries=[replace(test, text=f" {train.text.upper()}  ")]))
    assert found == [f"query text on two sides: {' '.join(train.text.casefold().split())!r}"]


def test_the_same_words_of_two_shoppers_are_no_leak(sample, altered):
    train = one_of(sample.queries, "train", user_id=True)
    test = one_of(sample.queries, "test", user_id=True)
    assert leaks(altered(queries=[replace(test, text=train.text)])) == []


def test_title(sample, altered):
    train, test = (one_of(sample.products, split) for split in ("train", "test"))
    leaky = [replace(test, title=train.title.upper())]
    assert leaks(altered(products=leaky)) == [f"product title on two sides: {train.title.casefold()!r}"]
    assert leaks(altered(products=leaky, regime="no_colour")) == []
    assert leaks(altered(products=leaky, regime="full_zh")) == []
    assert leaks(altered(products=leaky, regime="no_colour"), titles=True) != []


def test_picture_of_two_products(sample, altered):
    train, test = (one_of(sample.products, split, image=True) for split in ("train", "test"))
    assert leaks(altered(products=[replace(test, image=train.image)])) == [f"picture or sound on two sides: {train.image!r}"]


def test_picture_of_a_test_query_among_the_train_products(sample, altered):
    train, test = one_of(sample.products, "train", image=True), one_of(sample.queries, "test", image=False)
    assert leaks(altered(queries=[replace(test, image=train.image)])) == [f"picture or sound on two sides: {train.image!r}"]


def test_sound(sample, altered):
    train, test = (one_of(sample.products, split, audio=True) for split in ("train", "test"))
    assert leaks(altered(products=[replace(test, audio=train.audio)])) == [f"picture or sound on two sides: {train.audio!r}"]


def test_judgment_across_sides(sample, altered):
    query, product = one_of(sample.queries, "test"), one_of(sample.products, "train")
    found = leaks(altered(judgments=[Judgment(query.query_id, product.product_id, 0, "synthetic")]))
    assert found == [f"judgment across sides: '{query.query_id} / {product.product_id}'"]


def test_a_product_without_a_split_stands_on_all_sides(sample, altered):
    query, product = one_of(sample.queries, "test"), replace(one_of(sample.products, "train"), split=None)
    assert leaks(altered(products=[product], judgments=[Judgment(query.query_id, product.product_id, 0, "synthetic")])) == []


def test_only_three_examples_are_named(sample, altered):
    moved = [replace(p, title="one title") for p in sample.products]
    assert leaks(altered(products=moved)) == ["product title on two sides: 'one title'"]
    groups = [replace(q, group=f"g{n // 2}") for n, q in enumerate(sorted(sample.queries, key=lambda q: (q.query_id[-1], q.split)))]
    (found,) = leaks(altered(queries=groups))
    assert found.count("'") <= 6
