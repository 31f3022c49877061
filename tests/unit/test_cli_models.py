"""`fuserank models`: what the commands print, change and refuse."""

import json
import re

import pytest
from registered_shop import DATA, registered_shop
from typer.testing import CliRunner

from fuserank.cli import app
from fuserank.errors import InputError, ModelFolderError
from fuserank.model_folder import WEIGHTS
from fuserank.pipeline.package import served
from fuserank.pipeline.releasing import release_file
from fuserank.serving import Challenger, Release, read_release, write_release


@pytest.fixture
def shop(tmp_path):
    return registered_shop(tmp_path)


@pytest.fixture
def models(shop):
    """Runs `fuserank models COMMAND …`: the lines that it printed; raises what it raised."""

    def run(command, *arguments):
        done = CliRunner().invoke(app, ["models", command, *map(str, arguments)], env={"FUSERANK_HOME": str(shop.home)})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return [line.rstrip() for line in done.output.splitlines()]

    return run


def cells(line):
    return re.split(r"\s{2,}", line)


def test_the_list_says_of_each_what_it_is_and_what_there_is_of_it(shop, models):
    first, second, third = shop.register(metrics={"val nDCG@10": 0.7125}), shop.register(), shop.register()
    package, other = shop.package(first, tag="ranker:one"), shop.package(second)
    (shop.home / "bentoml" / "bentos" / "ranker" / "one").mkdir(parents=True)
    shop.measure(first, {"q": 0.5, "r": 0.75})
    shop.registry.promote(first, "better", {})
    second_role = Challenger(package=other, mode="shadow", share=0.5)
    write_release(release_file(shop.home, "shop"), Release(champion=package, challenger=second_role))
    (shop.registry.path(third) / WEIGHTS).unlink()
    head, *rows = models("list", shop.data)
    assert cells(head)[:4] == ["version", "state", "ranker", "nDCG@10 test"]
    trained = shop.registry.path(first)
    made = json.loads((trained / "model.json").read_text())["created"][:19].replace("T", " ") + "Z"
    assert cells(rows[0]) == [
        *(first, "champion", "sum+sequence", "0.6250", "0.7125", DATA[:12], made, "yes", "yes", "champion"),
    ]
    assert cells(rows[1])[2:5] == ["–", "–", DATA[:12]]
    assert cells(rows[1])[-3:] == ["yes", "no", "challenger (shadow, share 0.5)"]
    assert cells(rows[2])[:2] == [third, "damaged"] and "is missing" in rows[2]


def test_show_says_where_the_champion_comes_from(shop, models):
    first, second = shop.register(settings={"loss": "softmax"}), shop.register()
    package = shop.package(first, tag="ranker:one")
    shop.measure(first, {"q": 0.5})
    check = {"name": "latency", "passed": True, "observed": 1.0, "limit": 2.0, "words": "1 ms [fast]"}
    shop.registry.promote(first, "in words", {"promote": True, "reasons": [check], "unmeasured": "nobody to beat"})
    shop.registry.refuse(second, "no better", {})
    lines = models("show", shop.data)
    assert lines[0] == f"model      {first}  champion"
    for line in (
        f"package    {package}",
        "Bento      ranker:one",
        f"data       shop, version {DATA}",
        f"           DVC hash {'d' * 32}, judgments: synthetic",
        "commit     c0ffee",
        f"encoder    text: words@1, sha256 {'ab' * 32}",
        "setting    loss = softmax",
        "metric     nDCG@10 0.5000",
        f"evidence   nDCG@10 0.5000 over 1 test queries of data {DATA[:16]}, 2.5 ms per 1,000 candidates",
        "    passed  latency: 1 ms [fast]",
        "    nobody to beat",
    ):
        assert line in lines
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ  promote {first}, by \S+@\S+", lines[-3])
    assert models("show", shop.data, first[-6:]) == models("lineage", "ranker:one") == models("lineage", package) == lines
    refused = models("show", shop.data, second)
    assert refused[-1] == "    no better" and f"refuse {second} (champion: {first})" in refused[-2]
    assert "package    none" in refused


def test_show_prints_the_card_with_what_was_measured_since(shop, models):
    version = shop.register()
    shop.measure(version, {"q": 0.5})
    card = models("show", shop.data, version, "--card")
    assert card[0] == "# sum+sequence"
    assert f"| {DATA[:16]} | all | 1 | 0.5000 |" in card
    assert models("lineage", version, "--card") == card


def test_show_refuses_what_is_not_clear(shop, models):
    with pytest.raises(InputError, match="no champion of shop; allowed: none yet"):
        models("show", shop.data)
    first, second = shop.register(), shop.register()
    with pytest.raises(InputError, match=f"no champion of shop; allowed: {first}, {second}"):
        models("show", shop.data)
    with pytest.raises(InputError, match=f"may be 2 models; allowed: {first}, {second}"):
        models("show", shop.data, "2")
    with pytest.raises(InputError, match="no model 'x'"):
        models("show", shop.data, "x")
    with pytest.raises(InputError, match="no model, package or Bento 'x'"):
        models("lineage", "x")


def test_a_pruned_model_has_a_lineage_but_no_card(shop, models):
    old, _ = shop.register(), shop.register()
    package = shop.package(old, tag="ranker:old")
    models("prune", shop.data, "--keep", 1)
    lines = models("lineage", "ranker:old")
    assert lines[0] == f"model      {old}  pruned: this is what the log has kept"
    assert f"package    {package}  not here" in lines and f"data       shop, version {DATA}" in lines
    with pytest.raises(InputError, match=f"{old} was pruned"):
        models("lineage", package, "--card")
    with pytest.raises(InputError, match="it was pruned"):
        models("show", shop.data, old)


def test_compare_prints_both_and_the_test_or_why_there_is_none(shop, models):
    first, second = shop.register(settings={"seeds": [0]}), shop.register("concat", settings={"seeds": [0, 1]})
    assert models("compare", shop.data, first, second)[-1].startswith("no paired test: the gate has measured nothing of")
    shop.measure(first, {"q": 0.25, "r": 0.5})
    shop.measure(second, {"q": 0.75, "r": 0.5})
    lines = models("compare", shop.data, first[-9:], second[-9:])
    rows = {cells(line)[0]: cells(line)[1:] for line in lines}
    assert cells(lines[0]) == ["", first, second]
    assert rows["ranker"] == ["sum+sequence", "concat+sequence"]
    assert rows["test nDCG@10"] == ["0.3750", "0.6250"]
    assert rows["setting.seeds"] == ["0", "0, 1"]
    assert lines[-1].endswith("nDCG@10 +0.2500, p = 1 (paired, two-sided); better on 1, worse on 0, the same on 1")


def test_a_promotion_by_hand_says_so_and_releases(shop, models):
    first, second = shop.register(), shop.register()
    shop.package(first, tag="ranker:one")
    package = shop.package(second, tag="ranker:two")
    models("promote", shop.data, first, "--reason", "to begin")
    assert models("promote", shop.data, second[-8:], "--reason", "shoppers asked") == [
        f"champion: {second}",
        f"released: {package}",
    ]
    said = shop.registry.transitions()[-1]
    assert (said.kind, said.from_version, said.to, said.evidence) == ("promote", first, second, {"by_hand": True})
    assert said.reason == "by hand, past the gate: shoppers asked" and "@" in said.who
    assert read_release(release_file(shop.home, "shop")) == Release(champion=package)
    assert served(shop.home, "shop").read_text() == "ranker:two"
    assert models("promote", shop.data, second, "--reason", "again")[0] == "it is champion already: nothing to log"
    assert len(shop.registry.transitions()) == 2
    assert models("rollback", shop.data, "--reason", "complaints")[0] == f"champion: {first}"
    assert served(shop.home, "shop").read_text() == "ranker:one"


def test_what_is_unknown_damaged_or_without_a_reason_is_not_promoted(shop, models):
    version = shop.register()
    shop.package(version)
    with pytest.raises(InputError, match="no model 'x'"):
        models("promote", shop.data, "x", "--reason", "y")
    with pytest.raises(InputError, match="without a reason"):
        models("promote", shop.data, version, "--reason", " ")
    weights = shop.registry.path(version) / WEIGHTS
    weights.chmod(0o644)
    weights.write_bytes(b"")
    with pytest.raises(ModelFolderError, match="altered"):
        models("promote", shop.data, version, "--reason", "y")
    assert shop.registry.champion() is None
    assert not release_file(shop.home, "shop").exists()


def test_a_champion_without_a_package_says_what_to_do(shop, models):
    version = shop.register()
    lines = models("promote", shop.data, version, "--reason", "y")
    assert lines == [f"champion: {version}", "it has no package here: run the chain to build one"]


def test_the_log_says_when_who_what_and_why_newest_last(shop, models):
    assert models("log", shop.data) == [f"no decisions on models of {shop.data} yet"]
    first, second = shop.register(), shop.register()
    shop.registry.promote(first, "a [bold] one", {}, "flow run noon")
    shop.registry.refuse(second, "no better", {"reasons": [{"name": "x", "passed": False, "words": "y"}]})
    lines = models("log", shop.data)
    assert f"promote {first}, by " in lines[0] and lines[0].endswith(", flow run noon")
    assert f"refuse {second} (champion: {first}), by " in lines[2]
    assert (lines[1], lines[3]) == ("    a [bold] one", "    no better")


def test_prune_says_what_goes_and_a_dry_run_changes_nothing(shop, models):
    old, new = shop.register(), shop.register()
    package = shop.package(old, tag="ranker:old")
    would = models("prune", shop.data, "--keep", 1, "--dry-run")
    assert shop.registry.versions() == [old, new] and shop.registry.transitions() == []
    gone = models("prune", shop.data, "--keep", 1)
    assert shop.registry.versions() == [new]
    size = shop.registry.transitions()[-1].evidence["bytes"]
    assert gone[:4] == [old, f"  package {package}", f"  {size:,} bytes", f"1 model removed, {size:,} bytes"]
    assert "bentoml delete TAG" in gone[4] and gone[5] == "  ranker:old"
    assert [line.replace("would be removed", "removed") for line in would] == gone
    assert models("prune", shop.data, "--keep", 1) == ["0 models removed, 0 bytes"]


def test_prune_spares_what_training_starts_from(shop, models, monkeypatch):
    old, _ = shop.register(), shop.register()
    monkeypatch.setenv("FUSERANK_TRAINING__START", str(shop.registry.path(old)))
    assert models("prune", shop.data, "--keep", 1) == ["0 models removed, 0 bytes"]
