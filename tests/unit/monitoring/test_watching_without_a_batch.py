"""A dataset is compared with itself only where its products have two sides."""

import pytest

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.monitoring.comparing import FEWEST
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import has_two_sides
from fuserank.settings import Settings
from fuserank.types import Product


@pytest.mark.parametrize(
    ("train", "test", "apart"), [(FEWEST, FEWEST, True), (FEWEST, FEWEST - 1, False), (FEWEST - 1, FEWEST, False), (0, 0, False)]
)
def test_both_sides_need_enough_products_of_their_own(tmp_path, train, test, apart):
    splits = ["train"] * train + ["test"] * test + [None] * 200
    products = [Product(f"p{i}", "mug", split=split) for i, split in enumerate(splits)]
    dataset = write_dataset(tmp_path / "data", Manifest(name="tiny"), products=products)
    assert has_two_sides(Job(dataset.root, Settings())) == apart
