import json
from dataclasses import replace

import numpy as np
import pytest

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.ranker import RankerSpec
from fuserank.slates import judged_slates, keep_modalities, project_catalogue, score_slate
from fuserank.training import TrainingKnobs, train
from fuserank.types import Judgment


def rewritten(tiny, root, *, products=None, judgments=None, **manifest):
    data = tiny.job.dataset
    given = [Judgment(q, p, g, "synthetic") for q, graded in data.qrels.items() for p, g in graded.items()]
    return write_dataset(
        root,
        Manifest(**{**data.manifest.model_dump(), **manifest}),
        products=products or data.products,
        queries=data.queries,
        judgments=given if judgments is None else judgments,
        interactions=data.interactions,
        media=[data.media.get(h) for h in sorted({m for r in (*data.products, *data.queries) for m in (r.image, r.audio) if m})],
    )


def sides(tiny, slate):
    return {tiny.job.dataset.products[row].split for row in slate.rows}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_query_ranks_all_products_of_its_side_and_no_other(tiny, split):
    expected = sum(p.split in (None, split) for p in tiny.job.dataset.products)
    slates = list(judged_slates(tiny.features, tiny.job.dataset, split))
    assert slates
    for slate in slates:
        assert sides(tiny, slate) <= {None, split}
        assert len(slate.rows) == len(set(slate.rows.tolist())) == expected
        assert slate.grades.any()


def test_judged_candidates_are_those_judged_and_of_the_side(tiny, tmp_path):
    data = tiny.job.dataset
    query = next(q for q in data.queries if q.split == "train" and q.query_id in data.qrels)
    stranger = next(p for p in data.products if p.split == "test").product_id
    judgments = [Judgment(query.query_id, p, g, "human") for p, g in data.qrels[query.query_id].items()]
    judged = rewritten(
        tiny, tmp_path / "d", judgments=[*judgments, Judgment(query.query_id, stranger, 3, "human")], candidates="judged"
    )
    (slate,) = judged_slates(tiny.features, judged, "train")
    assert {tiny.features.catalogue.product_ids[r] for r in slate.rows} == data.qrels[query.query_id].keys()
    assert sides(tiny, slate) <= {None, "train"}


def test_a_query_without_a_grade_above_zero_is_left_out(tiny, tmp_path):
    query = next(q for q in tiny.job.dataset.queries if q.split == "test")
    product = next(p for p in tiny.job.dataset.products if p.split == "test")
    only = [Judgment(query.query_id, product.product_id, 0, "human")]
    assert not list(judged_slates(tiny.features, rewritten(tiny, tmp_path / "d", judgments=only), "test"))


def test_a_pool_keeps_all_relevant_and_is_drawn_by_seed(tiny):
    def pooled(seed):
        return list(judged_slates(tiny.features, tiny.job.dataset, "train", pool=15, seed=seed))

    for whole, drawn in zip(tiny.slates[0], pooled(0), strict=True):
        assert len(drawn.rows) == 15
        assert np.sum(drawn.grades > 0) == min(15, np.sum(whole.grades > 0))
    rows = [np.concatenate([s.rows for s in pooled(seed)]) for seed in (0, 0, 1)]
    assert (rows[0] == rows[1]).all()
    assert (rows[0] != rows[2]).any()


def test_history_is_absent_for_a_query_without_one(tiny):
    features = tiny.features
    column = [m.name for m in features.modalities].index("history")
    for query in range(len(features.queries)):
        slate = features.slate(query, np.arange(5))
        assert slate.present[:, column].any() == features.queries.has("history")[query]


def test_keep_modalities_hides_all_others(tiny):
    specs = tiny.features.specs()
    (kept,) = keep_modalities(tiny.slates[0][:1], specs, ("image",))
    image = [s.name for s in specs].index("image")
    assert not np.delete(kept.present, image, axis=1).any()
    assert (kept.present[:, image] == tiny.slates[0][0].present[:, image]).all()


def test_attributes_reach_no_feature(tiny, tmp_path):
    """They hold what the grades were made from; the grades themselves reach none either, nor a trained model's scores."""
    told = [replace(p, attributes=json.dumps({"answer": i})) for i, p in enumerate(tiny.job.dataset.products)]
    graded = tiny.job.dataset.qrels.items()
    upside_down = [Judgment(q, p, 3 - g, "synthetic") for q, grades in graded for p, g in grades.items()]
    rewritten(tiny, tmp_path / "d", products=told, judgments=upside_down)
    other, _ = extract(Job(tmp_path / "d", tiny.job.settings))
    for name, vectors in tiny.features.catalogue.vectors.items():
        assert np.array_equal(other.catalogue.vectors[name], vectors), name
    assert np.array_equal(other.catalogue.present, tiny.features.catalogue.present)
    for query in range(len(other.queries)):
        rows = np.arange(len(other.catalogue))
        assert np.array_equal(other.slate(query, rows).pairs, tiny.features.slate(query, rows).pairs)
    spec = RankerSpec(tiny.features.specs(), "concat", "attention_sequence", width=8, rank=4)
    knobs = TrainingKnobs(epochs=1, patience=1, batch_queries=8, slate=16, device="cpu")
    ranker = train(spec, tiny.features, tiny.slates[0], tiny.slates[1], knobs, seed=0).ranker
    both = [(f, project_catalogue(ranker, f)) for f in (tiny.features, other)]
    for query in range(len(other.queries)):
        one, two = (score_slate(ranker, p, f.queries, f.slate(query, rows)) for f, p in both)
        assert np.array_equal(one, two)


def test_slates_have_a_neutral_order_that_stays(tiny):
    again = {s.query: s.rows for s in judged_slates(tiny.features, tiny.job.dataset, "train")}
    for slate in tiny.slates[0]:
        assert (np.diff(slate.rows) < 0).any()  # the catalogue's own order may follow its labels
        np.testing.assert_array_equal(slate.rows, again[slate.query])
