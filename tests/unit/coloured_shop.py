"""A made-up shop for late interaction: pictures in which a colour and a shape add up, asked for by every colour with every type."""

from types import SimpleNamespace

import numpy as np

from fuserank.encoders.base import EncoderInfo
from fuserank.features.catalogue import Catalogue
from fuserank.features.queries import QueryFeatures
from fuserank.features.query_words import query_words
from fuserank.modalities.behaviour import Past
from fuserank.modalities.lexical import LexicalIndex
from fuserank.slates import Features
from fuserank.types import Product

COLOURS = ("red", "blue", "green", "black", "white", "pink")
TYPES = ("mug", "lamp", "shoe", "coat", "sofa", "desk")
PAIRS = [(c, t) for c in range(len(COLOURS)) for t in range(len(TYPES))]  # what query q asks for
TEXTS = [f"{COLOURS[c]} {TYPES[t]}" for c, t in PAIRS]
DIM = 24


class Picture:
    """Pixels; a query never has one, and no score of a pair comes without training."""

    name, pair_names, scaling = "picture", (), "standard"
    query_from_history = query_is_term = pair_only = False
    encoder = SimpleNamespace(info=EncoderInfo("pixels", "1", DIM, "none"))


def coloured_shop(each, *, titles=False):
    """Features of `each` products of every pair, and the pair of each product; with `titles` there is an index of them."""
    rng = np.random.default_rng(0)
    colours, types = rng.normal(size=(len(COLOURS), DIM)), rng.normal(size=(len(TYPES), DIM))
    shown = [pair for pair in PAIRS for _ in range(each)]
    vectors = np.array([colours[c] + types[t] + 0.3 * rng.normal(size=DIM) for c, t in shown], np.float16)
    products = [Product(product_id=f"p{n}", title=f"{COLOURS[c]} {TYPES[t]}") for n, (c, t) in enumerate(shown)]
    index = LexicalIndex.build(products) if titles else None
    present = np.ones((len(shown), 1), bool)
    catalogue = Catalogue([p.product_id for p in products], ("picture",), {"picture": vectors}, present, lexical=index)
    queries = QueryFeatures(
        [f"q{n}" for n in range(len(PAIRS))],
        TEXTS,
        ("picture",),
        {"picture": np.zeros((len(PAIRS), DIM), np.float32)},
        np.zeros((len(PAIRS), 1), bool),
        [Past(np.zeros(0, np.int64), np.zeros(0, np.int64)) for _ in PAIRS],
        query_words(TEXTS),
    )
    return Features([Picture()], catalogue, queries), shown
