"""The chain with encoders of the user's own: settings, extraction, training, package, service."""

import json
import shutil

import numpy as np
import pytest

from fuserank.data.sample import build_sample
from fuserank.encoders.hub_folder import locate
from fuserank.errors import ModelFolderError, SettingsError, StaleFeatureError
from fuserank.features.histories import histories
from fuserank.messages import RankRequest, SearchRequest
from fuserank.modalities import make_modalities
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import plans, slates_of, train_plan
from fuserank.serving import build_package, load
from fuserank.serving.packed_encoders import packed_encoders
from fuserank.settings import load_settings
from fuserank.types import Product, Query
from tests import hub_models

MODALITIES = ("text", "lexical", "joint", "joint_image")


def job_of(root, models, **features):
    encoders = {"text": str(models / "bert"), "joint": str(models / "clip")}
    settings = load_settings(
        home=root / "home",
        reports=root / "reports",
        features={"modalities": MODALITIES, "encoders": encoders, "device": "cpu", **features},
        training={"rankers": ("concat+sequence",), "epochs": 2, "width": 16, "interaction": 8, "device": "cpu"},
    )
    return Job(root / "data", settings)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    hub_models.bert(root / "bert")
    hub_models.clip(root / "clip")
    hub_models.vit(root / "vit")
    return root


@pytest.fixture(scope="module")
def job(tmp_path_factory, models):
    root = tmp_path_factory.mktemp("own")
    build_sample(root / "data", products=60, queries=24)
    return job_of(root, models)


@pytest.fixture(scope="module")
def features(job):
    return extract(job)[0]


@pytest.fixture(scope="module")
def package(job, features, tmp_path_factory):
    plan = next(p for p in plans(job, features) if p.kind == "fusion")
    trained = train_plan(job, features, plan, *slates_of(job, features)[:2])
    assert len(trained.curve) == 2
    return build_package(
        tmp_path_factory.mktemp("package") / "package",
        model_folder=trained.folder,
        products=job.dataset.products,
        catalogue=features.catalogue,
        histories=histories(job.dataset.interactions),
        modalities=job.modalities,
        read_bytes=job.dataset.media.get,
    )


def test_words_and_pictures_are_read_into_one_space_and_stored_once(job, features):
    joint = features.catalogue.vectors["joint"]
    assert joint.shape == (60, 24) and features.catalogue.has("joint").any()
    assert features.catalogue.vectors["joint_image"] is joint, "a product is encoded once for both"
    with_words, with_picture = features.queries.has("joint"), features.queries.has("joint_image")
    for q, query in enumerate(job.dataset.queries):
        assert with_picture[q] == (query.image is not None)
        assert with_words[q] == bool(features.queries.texts[q])
    _, reports = extract(job)
    assert [(r.encoded, r.encoder.name) for r in reports if r.encoded] == []
    assert {r.encoder.name for r in reports} == {"bert", "clip"}


def test_pair_scores_are_the_cosines_of_the_encoder(job, features):
    encoder = next(m.encoder for m in job.modalities if m.name == "joint")
    q = next(i for i, query in enumerate(job.dataset.queries) if query.text)
    row = int(np.flatnonzero(features.catalogue.has("joint"))[0])
    words, seen = encoder.encode(
        [encoder.prepare(features.queries.texts[q]), encoder.prepare(job.dataset.media.get(job.dataset.products[row].image))]
    )
    column = features.pair_names.index("joint.cosine")
    assert features.slate(q, np.array([row])).pairs[0, column] == pytest.approx(words @ seen, abs=2e-3)


def test_a_package_serves_where_the_encoder_is_not_installed(job, package, models, tmp_path):
    text = next(q.text for q in job.dataset.queries if q.text)
    image = job.dataset.media.get(next(q.image for q in job.dataset.queries if q.image))
    aside = models.rename(tmp_path / "aside")
    try:
        service = load(package, threads=1)
        found = service.search(SearchRequest(query={"text": text}, k=5))
        assert found.results and not found.degraded
        candidates = job.dataset.products[:5]
        ranked = service.rank(RankRequest(query={"image": image}, candidates=[p.product_id for p in candidates], k=5))
        assert len(ranked.results) == 5 and not ranked.degraded
    finally:
        aside.rename(models)


def test_a_package_holds_each_encoder_once_with_its_identity(job, package):
    served = make_modalities(MODALITIES, own=packed_encoders(package))
    assert [m.encoder and m.encoder.info for m in served] == [m.encoder and m.encoder.info for m in job.modalities]
    assert len(list((package / "encoders").iterdir())) == 2


def test_a_damaged_encoder_in_a_package_is_refused(package, tmp_path):
    shutil.copytree(package, tmp_path / "package")
    (weights,) = (tmp_path / "package" / "encoders").glob("clip@*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelFolderError, match=r"model.safetensors was altered"):
        load(tmp_path / "package")


def test_a_model_is_not_packed_with_another_encoder(job, features, package, models, tmp_path):
    """Same name, other weights: their vectors mean something else."""
    other = hub_models.clip(tmp_path / "clip", seed=1)
    changed = job_of(job.data.parent, models, encoders={"text": str(models / "bert"), "joint": str(other)})
    with pytest.raises(StaleFeatureError, match="modality 'joint'"):
        build_package(
            tmp_path / "package",
            model_folder=package / "model",
            products=job.dataset.products,
            catalogue=features.catalogue,
            histories={},
            modalities=changed.modalities,
            read_bytes=job.dataset.media.get,
        )
    assert job.fingerprint() != changed.fingerprint()


@pytest.mark.parametrize(
    ("encoders", "modalities", "message"),
    [
        ({"text": "vit"}, ("text",), "architecture 'vit' as encoder of text"),
        ({"text": "gone"}, ("text",), "no such folder"),
        ({"joint": "bert"}, ("joint",), "architecture 'bert' as encoder of words and pictures"),
        ({"joint": "clip"}, ("text",), "features.encoders.joint is set, but no modality in use reads it"),
        ({}, ("text", "joint"), "modality 'joint' has no encoder"),
    ],
)
def test_settings_are_checked_at_the_door(job, models, encoders, modalities, message):
    with pytest.raises(SettingsError, match=message):
        job_of(job.data.parent, models, encoders={k: str(models / v) for k, v in encoders.items()}, modalities=modalities)


@pytest.mark.parametrize(
    ("config", "query", "product"),
    [
        ({"prompts": {"query": "blue\nmug: ", "document": ""}}, "blue\nmug: red cup", "Red mug"),
        ({"prompts": {"query": "q: ", "passage": "p: "}}, "q: red cup", "p: Red mug"),
        ({"prompts": {"any": "a: "}, "default_prompt_name": "any"}, "a: red cup", "a: Red mug"),
        ({"prompts": {"any": "a: "}, "default_prompt_name": None}, "red cup", "Red mug"),
    ],
)
def test_texts_stand_behind_the_prompts_of_the_encoder(tmp_path, config, query, product):
    path = hub_models.bert(tmp_path / "bert")
    (path / "config_sentence_transformers.json").write_text(json.dumps(config))
    text, history = make_modalities(["text", "history"], own={"text": locate(str(path))})
    assert text.query_content(Query("q", " red cup")).value == query
    assert text.product_content(Product("p", "Red mug ")).value == product
    assert history.product_content(Product("p", "Red mug")) == text.product_content(Product("p", "Red mug"))
    assert history.query_content(Query("q", "red cup")) is None
    assert text.query_content(Query("q")) is None
    assert text.encoder.prepare(query) == query, "line breaks of a prompt are kept"


def test_history_is_read_by_the_text_encoder_of_your_own(job, models):
    found = job_of(job.data.parent, models, modalities=("text", "history", "joint")).modalities
    assert found[0].encoder is found[1].encoder
    assert found[1].query_from_history
