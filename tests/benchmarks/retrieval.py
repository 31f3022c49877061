"""The first phase over a made-up catalogue of 100,000 products on one thread, and what it costs to grow it.

Vectors are random directions, the hardest case for a screen: no product is nearer than the others by much. Words follow Zipf's law.
"""

import hashlib
import time
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.features import Catalogue, QueryFeatures, extended
from fuserank.features.query_words import query_words
from fuserank.modalities.base import Content, cosines
from fuserank.modalities.behaviour import Past
from fuserank.modalities.bm25 import WordCounts, index_of, shares
from fuserank.modalities.lexical import COVERAGE, FIELDS, Lexical, LexicalIndex, saturation
from fuserank.serving.retrieval import nearest, retrieve
from fuserank.types import Product
from tests.benchmarks.records import Row, compare, record

PRODUCTS, DEPTH, VOCABULARY = 100_000, 200, 20_000
LENGTHS = {"title": 8, "description": 17, "category": 2, "brand": 1}
ASKED = (40, 300, 2500)  # ranks of a query's words: one in many products, one in some, one in few


class Direction:
    """A modality whose encoder costs nothing: what is left is what growing costs."""

    name, pair_names, compared = "text", ("cosine",), slice(None)
    pair_only = query_from_history = False

    def __init__(self, width: int) -> None:
        self.encoder = SimpleNamespace(
            info=EncoderInfo("direction", "1", width, "none"),
            prepare=lambda value: value,
            encode=lambda items: np.full((len(items), width), width**-0.5, np.float32),
        )

    def product_content(self, product):
        return Content(hashlib.sha256(product.title.encode()).hexdigest(), product.title)

    def pair(self, query, products):
        return cosines(query, products)[:, None]


def words_of(ranks) -> list[str]:
    return [f"w{rank}q" for rank in ranks]


def drawn_words(rng: np.random.Generator, count: int, vocabulary: int = VOCABULARY) -> dict[str, np.ndarray]:
    """field -> ranks of the words of `count` products, (count, words), by Zipf's law."""
    odds = np.arange(1, vocabulary + 1) ** -0.9
    return {field: rng.choice(vocabulary, (count, size), p=odds / odds.sum()) for field, size in LENGTHS.items()}


def made_up_index(draws: dict[str, np.ndarray], tokens: Sequence[str]) -> LexicalIndex:
    """As `LexicalIndex.build` would give it, for products whose words are drawn; some seconds where that takes a minute.

    Args:
        draws: of `drawn_words`.
        tokens: of each rank, as `tokenize` gives it.
    """
    count = len(draws["title"])
    draws = draws | {COVERAGE: np.concatenate(list(draws.values()), axis=1)}
    fields, frequencies, vocabulary = {}, {}, dict(zip(tokens, range(len(tokens)), strict=True))
    for field, words in draws.items():
        rows = np.repeat(np.arange(count), words.shape[1])
        tf = sparse.coo_matrix((np.ones(words.size), (rows, words.ravel())), (count, len(tokens))).tocsc()
        df = np.diff(tf.indptr)
        idf = WordCounts(count, {}, {}).idf(df)
        k1, b = saturation(field)
        tf.data = shares(tf.data, np.full(tf.nnz, words.shape[1]), words.shape[1], k1, b) * np.repeat(idf, df)
        fields[field], frequencies[field] = index_of(tf, vocabulary, k1, b), df.astype(np.int32)
    lengths = {field: float(words.shape[1]) for field, words in draws.items()}
    return LexicalIndex(count, {field: fields[field] for field in (*FIELDS, COVERAGE)}, WordCounts(count, lengths, frequencies))


def directions(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Random vectors of length 1, float16 (count, width); made piece by piece."""
    pieces = [min(5000, count - start) for start in range(0, count, 5000)]
    return np.concatenate([unit_rows(rng.standard_normal((size, width), np.float32)).astype(np.float16) for size in pieces])


def made_up_catalogue(rng: np.random.Generator, count: int, width: int) -> Catalogue:
    vectors, index = directions(rng, count, width), made_up_index(drawn_words(rng, count), words_of(range(VOCABULARY)))
    ids = [f"p{row}" for row in range(count)]
    return Catalogue(ids, ("text", "lexical"), {"text": vectors}, np.ones((count, 2), bool), index)


def asking(rng: np.random.Generator, width: int) -> QueryFeatures:
    text, vector = " ".join(words_of(ASKED)), unit_rows(rng.standard_normal((1, width), np.float32))
    nothing = Past(np.zeros(0, np.int64), np.zeros(0, np.int64))
    return QueryFeatures(["q"], [text], ("text",), {"text": vector}, np.ones((1, 1), bool), [nothing], query_words([text]))


def measure() -> list[Row]:
    rng = np.random.default_rng(0)
    with threadpool_limits(1):
        return [row for width in (384, 1280) for row in _searching(rng, width)] + _growing(rng)


def _searching(rng: np.random.Generator, width: int) -> list[Row]:
    catalogue, queries, modalities = made_up_catalogue(rng, PRODUCTS, width), asking(rng, width), [Direction(width), Lexical(None)]
    vectors, query = catalogue.vectors["text"], queries.vectors["text"][0]
    wide, index, words = vectors.astype(np.float32), catalogue.lexical, queries.texts[0].split()

    def brute_force():
        scores = wide @ query
        best = np.argpartition(-scores, DEPTH)[:DEPTH]
        return best[np.argsort(-scores[best])]

    def by_bm25s():
        return index.fields[COVERAGE].retrieve([words], k=DEPTH, show_progress=False)

    start = time.perf_counter()
    screen = catalogue.screens.of(vectors, slice(None))
    made = 1000 * (time.perf_counter() - start)
    assert np.array_equal(np.sort(nearest(modalities[0], catalogue, query, DEPTH)), np.sort(brute_force()))
    allowed = rng.random(PRODUCTS) < 0.1
    note = f"{PRODUCTS} x {width}"
    rows = [
        compare(f"nearest_ms {note}", lambda: nearest(modalities[0], catalogue, query, DEPTH), brute_force, "float32 BLAS"),
        compare(
            f"retrieve_ms {note} text+lexical",
            lambda: retrieve(modalities, catalogue, queries, DEPTH),
            brute_force,
            "float32 BLAS, vectors alone",
        ),
        compare(f"retrieve_ms {note} a tenth allowed", lambda: retrieve(modalities, catalogue, queries, DEPTH, allowed)),
        record(f"screen_ms {note}, once", [made], [], None, "ms"),
        record(
            f"screen_bytes_per_product {width}", [screen.nbytes / PRODUCTS], [vectors.nbytes / PRODUCTS], "float16 vectors", "bytes"
        ),
    ]
    if width == 384:
        rows.append(compare(f"lexical_top_ms {PRODUCTS}", lambda: index.top(queries.texts[0], DEPTH), by_bm25s, "bm25s, one field"))
    return rows


def _growing(rng: np.random.Generator) -> list[Row]:
    modalities = [Direction(384), Lexical(None)]
    large, small = (made_up_catalogue(rng, count, 384) for count in (PRODUCTS, 5000))
    title = " ".join(words_of(ASKED))

    def new(count: int, start: int = 0) -> list[Product]:
        return [Product(f"n{n}", f"{title} {n}", title, "w1q w2q", "w3q") for n in range(start, start + count)]

    def grow(catalogue: Catalogue, products, lasting=True) -> Catalogue:
        return extended(catalogue, products, modalities, {}.get, workers=1, lasting=lasting)[0]

    def one_by_one(catalogue: Catalogue) -> Catalogue:
        for n in range(100):
            catalogue = grow(catalogue, new(1, n))
        return catalogue

    live = one_by_one(large)
    candidates, peer = {count: new(count, 1000) for count in (1, 1000)}, "over 5,000 products"
    return [
        *(
            compare(
                f"grow_ms {count} candidates over {PRODUCTS}",
                lambda products=products: grow(large, products, lasting=False),
                lambda products=products: grow(small, products, lasting=False),
                peer,
            )
            for count, products in candidates.items()
        ),
        compare(f"grow_ms 100 times one product over {PRODUCTS}", lambda: one_by_one(large), lambda: one_by_one(small), peer),
        compare("nearest_ms after 100 additions", lambda: nearest(modalities[0], live, np.ones(384, np.float32), DEPTH)),
    ]
