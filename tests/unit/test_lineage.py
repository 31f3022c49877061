"""Lineage: every name that a model goes by leads back to its data, code, settings and decisions, also after it was pruned."""

import shutil

import pytest
from registered_shop import DATA, registered_shop

from fuserank.errors import InputError, ModelFolderError
from fuserank.model_folder import WEIGHTS, read_meta
from fuserank.model_registry.transitions import append_transition
from fuserank.pipeline.lineage import kept, lineage, trace
from fuserank.pipeline.prune import prune
from fuserank.pipeline.registered import Built, evidence_of
from fuserank.pipeline.releasing import release_file
from fuserank.serving import Challenger, Release, write_release


@pytest.fixture
def shop(tmp_path):
    return registered_shop(tmp_path)


def test_it_leads_from_packages_back_to_data_commit_encoders_settings_and_metrics(shop):
    version = shop.register(settings={"loss": "softmax"}, seed=5)
    first, second = shop.package(version, "aaaa", "ranker:old"), shop.package(version, "bbbb")
    shop.measure(version, {"q": 0.5, "r": 1.0}, slices={"English": ["q"]})
    shop.registry.promote(version, "better", {"promote": True})
    write_release(
        release_file(shop.home, "shop"),
        Release(champion=second, challenger=Challenger(package=first, mode="canary", share=0.25)),
    )
    write_release(release_file(shop.home, "twin"), Release(champion=second))
    found = lineage(shop.home, "shop", version)
    assert (found.champion, found.pruned) == (True, False)
    assert found.built == [
        Built(first, ("ranker:old",), ("challenger (canary, share 0.25)",), here=True),
        Built(second, (), ("champion", "champion of twin"), here=True),
    ]
    meta = found.meta
    assert (meta.data.version, meta.data.dvc_hash, meta.git_commit, meta.seed) == (DATA, "d" * 32, "c0ffee", 5)
    assert (meta.settings, list(meta.encoders), meta.metrics) == ({"loss": "softmax"}, ["text"], {"nDCG@10": 0.5})
    assert found.evidence[DATA[:16]].mean == 0.75
    assert [t.reason for t in found.transitions] == ["better"]
    for words in (
        "Intended use",
        f"| {DATA[:16]} | all | 2 | 0.7500 |",
        "| English | 1 | 0.5000 |",
        "no product has text | 2 | 0.2500 |",
    ):
        assert words in found.card


def test_its_decisions_are_those_about_it_and_those_that_dethroned_it(shop):
    first, second, third = (shop.register() for _ in range(3))
    shop.registry.promote(first, "one", {})
    shop.registry.refuse(third, "two", {})
    shop.registry.promote(second, "three", {})
    shop.registry.rollback("four")
    told = {version: [t.reason for t in lineage(shop.home, "shop", version).transitions] for version in shop.versions}
    assert told == {first: ["one", "three", "four"], second: ["three", "four"], third: ["two"]}


def test_every_name_of_a_model_leads_to_it(shop):
    versions = [shop.register() for _ in range(2)]
    twin = shop.register(dataset="twin")
    for version, tag in zip((*versions, twin), ("ranker:one", "ranker:two", "ranker:three"), strict=True):
        package, digest = shop.package(version, tag=tag), version.partition("-")[2]
        for name in (package, tag, version, digest, f"sum+sequence@{digest}"):
            assert trace(shop.home, name) == ("twin" if version == twin else "shop", version)
    with pytest.raises(InputError, match=r"may be 3 models; allowed: shop/.*, shop/.*, twin/"):
        trace(shop.home, "2")
    with pytest.raises(InputError, match=r"no model, package or Bento 'ranker:four'.*ranker:three"):
        trace(shop.home, "ranker:four")


def test_without_a_registry_nothing_is_traced(shop):
    with pytest.raises(InputError, match="no model, package or Bento"):
        trace(shop.home, "x")
    with pytest.raises(InputError, match="no model 'x'"):
        lineage(shop.home, "shop", "x")


def test_a_bento_leads_back_after_its_model_was_pruned(shop):
    old, new = shop.register(settings={"loss": "listnet"}), shop.register()
    package = shop.package(old, tag="ranker:old")
    meta = read_meta(shop.registry.path(old))
    prune(shop.home, "shop", 1)
    assert shop.registry.versions() == [new]
    assert trace(shop.home, "ranker:old") == trace(shop.home, package) == ("shop", old)
    found = lineage(shop.home, "shop", old)
    assert (found.pruned, found.champion, found.card, dict(found.evidence)) == (True, False, "", {})
    assert found.meta == meta
    assert found.built == [Built(package, ("ranker:old",), here=False)]


def test_a_bento_leads_back_after_its_package_was_deleted_by_hand(shop):
    version = shop.register()
    package = shop.package(version, tag="ranker:old")
    shutil.rmtree(shop.home / "packages" / package)
    assert trace(shop.home, "ranker:old") == ("shop", version)
    assert lineage(shop.home, "shop", version).built == [Built(package, ("ranker:old",), here=False)]


def test_of_a_pruning_that_was_done_twice_the_first_line_counts(shop):
    old, _ = shop.register(), shop.register()
    models, meta = shop.registry, read_meta(shop.registry.path(old))
    for built in ([Built("p", ("ranker:old",))], [Built("p", ())]):
        append_transition(models.root / "transitions.jsonl", "prune", old, reason="x", evidence=kept(meta, built), who=None)
    models.remove(old, "x", kept(None, []))
    found = lineage(shop.home, "shop", old)
    assert (found.meta, found.built) == (meta, [Built("p", ("ranker:old",))])
    assert trace(shop.home, "ranker:old") == ("shop", old)


def test_what_the_log_kept_in_another_form_is_an_error_of_one_line(shop):
    old, _ = shop.register(), shop.register()
    shop.registry.remove(old, "x", {"meta": {"format": 0}})
    with pytest.raises(ModelFolderError, match=r"what the log kept of .* cannot be read"):
        lineage(shop.home, "shop", old)


def test_a_damaged_model_was_pruned_without_its_meta(shop):
    old, _ = shop.register(), shop.register()
    (shop.registry.path(old) / WEIGHTS).unlink()
    with pytest.raises(ModelFolderError, match="is missing"):
        lineage(shop.home, "shop", old)
    prune(shop.home, "shop", 1)
    assert lineage(shop.home, "shop", old).meta is None


def test_damaged_evidence_says_so(shop):
    version = shop.register()
    assert evidence_of(shop.home, "shop", version) == {}
    shop.measure(version, {"q": 1.0}).write_text("{")
    with pytest.raises(ModelFolderError, match=r"cannot be read.*the gate measures the model again"):
        evidence_of(shop.home, "shop", version)
