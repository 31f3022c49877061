"""What the tests of formats share: a dataset taken out and in again, and foreign bytes that no importer may half-take."""

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.data.exporters import EXPORTERS
from fuserank.data.importers import IMPORTERS
from fuserank.files import new_folder
from fuserank.types import Interaction, Judgment, Product, Query

PRODUCTS = [Product("p1", "红色 mug, 0.3 l", price=9.5), Product("p2", 'A "plate"\twide'), Product("p3", "Bowl")]
QUERIES = [Query("q1", 'mug, "red"', split="train"), Query("q2", "盘子", split="val"), Query("q3", "bowl", split="test")]
JUDGMENTS = [Judgment("q1", "p1", 3, "human"), Judgment("q1", "p2", 0, "human"), Judgment("q2", "p2", 2, "human")]
JUDGMENTS += [Judgment("q3", "p3", 1, "human")]
EVENTS = [
    Interaction(1_700_000_000_123, "u1", "s1", "q1", "p1", "impression", 1),
    Interaction(1_700_000_000_123, "u1", "s1", "q1", "p2", "impression", 2),
    Interaction(1_700_000_001_000, "u1", "s1", "q1", "p2", "click", 2),
    Interaction(1_700_000_002_000, "u2", "s2", None, "p3", "purchase", None),
    Interaction(0, "用户", "s 3", "unknown query", "p3", "add_to_cart", None),
]


def shop_at(root):
    return write_dataset(root, Manifest(name="shop"), products=PRODUCTS, queries=QUERIES, judgments=JUDGMENTS, interactions=EVENTS)


def exported(dataset, name, folder, **needs):
    with new_folder(folder) as work:
        return EXPORTERS[name](dataset, work, **needs)


def imported(name, source, target, **options):
    return IMPORTERS[name](source, target, **options)


def judgments_of(dataset):
    return sorted(tuple(row.values()) for row in dataset.table("judgments").to_pylist())


def events_of(dataset):
    return dataset.table("interactions").to_pylist()


def reopened(path):
    return Dataset.open(path)
