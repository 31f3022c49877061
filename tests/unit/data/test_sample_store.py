import io
import json
import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy.stats import chi2_contingency, ks_2samp

from fuserank.data.leakage import leaks
from fuserank.data.sample import build_sample
from fuserank.data.sample.vocabulary import COLOURS, PATTERNS, TONES
from fuserank.errors import SettingsError
from fuserank.types import SPLITS


def truth(product):
    return json.loads(product.attributes)


def test_same_arguments_give_the_same_bytes(sample, tmp_path):
    again = build_sample(tmp_path / "again", products=60, queries=24)
    assert again.version == sample.version


def test_bytes_do_not_depend_on_the_hash_seed_of_the_process(sample, tmp_path):
    code = (
        "import sys; from pathlib import Path; from fuserank.data.sample import build_sample; "
        "print(build_sample(Path(sys.argv[1]), products=60, queries=24).version)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "other")]
    printed = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == sample.version


def test_another_seed_gives_another_batch(sample, tmp_path):
    other = build_sample(tmp_path / "other", products=60, queries=24, seed=1)
    assert other.version != sample.version
    assert not {p.image for p in other.products if p.image} & {p.image for p in sample.products}


def test_another_seed_is_no_drift_and_a_hue_shift_is(shop, tmp_path):
    """Same shop: no column differs at the 1 % level. Shifted colours: the mean picture does."""
    other, shifted = (build_sample(tmp_path / f"{shift}", products=240, queries=40, seed=1, hue_shift=shift) for shift in (0, 90))
    for key in ("type", "colour", "pattern", "brand"):
        counts = [Counter(truth(p)[key] for p in data.products) for data in (shop, other)]
        assert chi2_contingency([[count[value] for value in sorted(counts[0] | counts[1])] for count in counts]).pvalue > 0.01
    for column in ("price", "rating", "popularity"):
        values = [[v for p in data.products if (v := getattr(p, column)) is not None] for data in (shop, other)]
        assert ks_2samp(*values).pvalue > 0.01
    assert ks_2samp(redness(shop), redness(other)).pvalue > 0.01
    assert ks_2samp(redness(shop), redness(shifted)).pvalue < 1e-6


def redness(data):
    """Mean red minus mean green of every picture."""
    media = data.media
    pictures = (np.asarray(Image.open(io.BytesIO(media.get(p.image)))).astype(int) for p in data.products if p.image)
    return [(picture[..., 0] - picture[..., 1]).mean() for picture in pictures]


def test_sizes_and_splits(shop):
    assert len(shop.products) == 600
    assert Counter(q.split for q in shop.queries) == {"train": 105, "val": 15, "test": 30}
    shares = {split: count / 600 for split, count in Counter(p.split for p in shop.products).items()}
    assert shares == pytest.approx({"train": 0.45, "val": 0.15, "test": 0.40}, abs=0.02)


def test_every_query_has_three_full_matches_on_its_side(shop):
    full = {q.query_id: sum(grade == 3 for grade in shop.qrels[q.query_id].values()) for q in shop.queries}
    assert min(full.values()) >= 3


def test_every_flavour_of_query_stands_on_every_side(shop):
    for split in SPLITS:
        queries = [q for q in shop.queries if q.split == split]
        assert any(q.image for q in queries)
        assert any(q.audio for q in queries)
        assert any(q.user_id for q in queries)
        assert {q.locale for q in queries} >= {"en", "zh"}


def test_no_leak(shop):
    assert leaks(shop) == []


def test_pattern_and_tone_are_never_in_a_text(shop):
    words = [w for word, _ in PATTERNS.values() for w in word] + [w for word in TONES.values() for w in word]
    pattern = re.compile("|".join(words), re.IGNORECASE)
    assert not [p.title for p in shop.products if pattern.search(f"{p.title} {p.description}")]


def test_colour_is_in_part_of_the_titles_and_in_no_description(shop):
    named = [getattr(COLOURS[truth(p)["colour"]][0], p.locale).casefold() in p.title.casefold() for p in shop.products]
    assert 0.35 < sum(named) / len(named) < 0.55
    assert not [p for p in shop.products if getattr(COLOURS[truth(p)["colour"]][0], p.locale) in p.description]


def test_text_kinds(shop):
    chinese = [p for p in shop.products if p.locale == "zh"]
    assert 0.3 < len(chinese) / 600 < 0.42
    assert all(re.search(r"[\u4e00-\u9fff]", p.title) for p in chinese)
    assert not any(re.search(r"[\u4e00-\u9fff]", p.title) for p in shop.products if p.locale == "en")


def test_a_few_values_are_missing(shop):
    for column, most in (("image", 0.03), ("price", 0.08), ("rating", 0.12), ("popularity", 0.05)):
        missing = sum(getattr(p, column) is None for p in shop.products) / 600
        assert 0 < missing < most, column


def test_cheap_means_cheap_for_its_type(shop):
    by_type: dict[str, dict[bool, list[float]]] = {}
    for product in shop.products:
        if product.price is not None:
            by_type.setdefault(truth(product)["type"], {}).setdefault("cheap" in truth(product), []).append(product.price)
    for prices in by_type.values():
        assert max(prices[True]) <= min(prices[False])


def test_judgments_are_synthetic_and_stay_on_their_side(shop):
    table = shop.table("judgments")
    assert set(table["source"].to_pylist()) == {"synthetic"}
    assert set(table["grade"].to_pylist()) == {1, 2, 3}


def test_all_media_is_there(shop):
    named = {d for item in [*shop.products, *shop.queries] for d in (item.image, item.audio) if d}
    assert named == set(shop.media.hashes())


def test_histories_belong_to_no_query_and_to_the_train_side(shop):
    side = {p.product_id: p.split for p in shop.products}
    history = [event for event in shop.interactions if event.query_id is None]
    assert {side[event.product_id] for event in history} == {"train"}
    assert all(event.position is None for event in history)
    assert Counter(event.user_id for event in history) == Counter({f"u{i:03d}": 14 for i in range(80)})


def test_history_reveals_what_a_personal_query_is_graded_by(shop):
    products = {p.product_id: truth(p) for p in shop.products}
    for query in (q for q in shop.queries if q.user_id):
        key, value = query.group.rpartition(";")[2].split("=")
        bought = [products[e.product_id] for e in shop.interactions if e.user_id == query.user_id and e.query_id is None]
        assert sum(one[key] == value for one in bought) / len(bought) >= 0.5


def test_sessions_stand_on_train_queries_only(shop):
    split = {q.query_id: q.split for q in shop.queries}
    assert {split[e.query_id] for e in shop.interactions if e.query_id} == {"train"}


def test_clicks_fall_with_position_at_equal_grade(shop):
    shown, clicked = Counter(), Counter()
    for event in shop.interactions:
        if event.query_id and shop.qrels[event.query_id].get(event.product_id) == 3:
            (shown if event.action == "impression" else clicked)[event.position] += 1
    rate = {position: clicked[position] / shown[position] for position in (1, 2, 4)}
    assert rate[1] > rate[2] > rate[4]


def test_hue_shift_and_new_category_make_a_drifted_batch(sample, tmp_path):
    drifted = build_sample(tmp_path / "drifted", products=60, queries=24, hue_shift=90, new_category=True)
    assert "lamp" in {truth(p)["type"] for p in drifted.products}
    assert "lamp" not in {truth(p)["type"] for p in sample.products}


@pytest.mark.parametrize(("products", "queries"), [(39, 24), (60, 7), (60, 5000)])
def test_too_small_a_shop_is_refused(tmp_path, products, queries):
    with pytest.raises(SettingsError, match=r"sample of|more than 60 products"):
        build_sample(tmp_path / "none", products=products, queries=queries)
    assert not list(tmp_path.iterdir())


def test_progress_counts_products(tmp_path):
    seen = []
    build_sample(tmp_path / "one", products=40, queries=8, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 40) for i in range(1, 41)]
