"""Releases: who answers is said by package names, and what cannot be served is never written."""

import json
import os
import shutil

import pytest
from typer.testing import CliRunner

from fuserank.cli import app
from fuserank.data.dataset import Manifest, write_dataset
from fuserank.errors import InputError, ModelFolderError
from fuserank.features import FeatureStore, build_catalogue, build_query_features
from fuserank.modalities import make_modalities
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.pipeline.job import Job
from fuserank.pipeline.package import serve, serve_again, served
from fuserank.pipeline.releasing import change_release, packages, release_champion, release_file
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import Challenger, Release, build_package, read_release, write_release
from fuserank.settings import Settings, load_settings
from fuserank.slates import Features
from fuserank.types import Product


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A real package of a new ranker over two products, of modalities that need no weights."""
    root = tmp_path_factory.mktemp("packed")
    products = [Product("p", "red mug", price=3.0), Product("q", "blue bag", price=9.0)]
    modalities, nothing = make_modalities(("lexical", "numeric")), {}.__getitem__
    catalogue, _ = build_catalogue(products, modalities, FeatureStore(root / "store"), nothing)
    queries, _ = build_query_features([], modalities, catalogue, None, nothing)
    ranker = Ranker(RankerSpec(Features(modalities, catalogue, queries).specs(), "sum", "sequence", width=16, rank=8)).eval()
    meta = ModelMeta(
        name=ranker.spec.name,
        ranker=ranker.spec.as_dict(),
        encoders={m.name: m.encoder.info for m in modalities if m.encoder},
        data=DataIdentity(name="shop", version="1", sources=("synthetic",)),
    )
    save_model(root / "model", ranker, meta)
    return build_package(
        root / "package",
        model_folder=root / "model",
        products=products,
        catalogue=catalogue,
        histories={},
        modalities=modalities,
        read_bytes=nothing,
    )


@pytest.fixture
def home(packed, tmp_path):
    """A home with the packages first, second and third, in this order of age."""
    for age, name in enumerate(("third", "second", "first")):
        folder = shutil.copytree(packed, tmp_path / "packages" / name)
        os.utime(folder, (1000 - age, 1000 - age))
    return tmp_path


def said(home, name="shop"):
    return read_release(release_file(home, name))


def test_packages_are_folders_that_are_whole(home):
    (home / "packages" / "half").mkdir()
    (home / "packages" / "first.code.bento").write_text("tag")
    write_release(release_file(home, "shop"), Release(champion="first"))
    assert packages(home) == ["first", "second", "third"]
    assert packages(home / "nowhere") == []


def test_what_is_not_said_stays(home):
    change_release(home, "shop", champion="first")
    assert said(home) == Release(champion="first")
    change_release(home, "shop", challenger="second")
    assert said(home).challenger == Challenger(package="second", mode="shadow", share=0.1)
    change_release(home, "shop", mode="canary")
    change_release(home, "shop", share=0.5)
    assert said(home) == Release(champion="first", challenger=Challenger(package="second", mode="canary", share=0.5))
    change_release(home, "shop", challenger="third")
    assert said(home).challenger == Challenger(package="third", mode="shadow", share=0.1)
    change_release(home, "shop", champion="third")
    assert said(home) == Release(champion="third")
    change_release(home, "shop", challenger="second", mode="interleave", share=1.0)
    change_release(home, "shop", no_challenger=True)
    assert said(home) == Release(champion="third")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"champion": "ghost"}, "no package 'ghost'; allowed: first, second, third"),
        ({"champion": "../first"}, r"no package '\.\./first'"),
        ({"champion": "half"}, "no package 'half'"),
        ({"challenger": "ghost"}, "no package 'ghost'"),
        ({"challenger": "first"}, "first against itself"),
        ({"mode": "canary"}, "mode of no challenger"),
        ({"share": 0.2}, "share of no challenger"),
        ({"challenger": "second", "share": 1.5}, "share: Input should be less than or equal to 1"),
        ({"challenger": "second", "share": float("nan")}, "share: Input should be a finite number"),
    ],
)
def test_what_cannot_be_served_is_not_released(home, changes, words):
    (home / "packages" / "half").mkdir()
    change_release(home, "shop", champion="first")
    with pytest.raises(InputError, match=words):
        change_release(home, "shop", **changes)
    assert said(home) == Release(champion="first")


def test_a_damaged_package_is_not_released(home):
    (home / "packages" / "second" / "products.parquet").write_bytes(b"")
    with pytest.raises(ModelFolderError, match=r"products\.parquet was altered"):
        change_release(home, "shop", champion="second")
    assert not release_file(home, "shop").exists()


def test_without_a_release_a_champion_comes_first(home):
    with pytest.raises(InputError, match=r"no release of 'shop' yet.* --champion PACKAGE"):
        change_release(home, "shop", challenger="second")


@pytest.mark.parametrize("name", ["", "../shop", "a/b", ".hidden", "a\0b", "x" * 300])
def test_a_name_is_never_a_path(home, name):
    with pytest.raises(InputError, match="no name of a dataset"):
        release_file(home, name)


def test_a_release_that_cannot_be_read_is_replaced_by_one_that_says_everything(home):
    release_file(home, "shop").write_text("{")
    with pytest.raises(InputError, match="write it with fuserank release"):
        change_release(home, "shop", champion="first")
    change_release(home, "shop", champion="first", no_challenger=True)
    assert said(home) == Release(champion="first")


def test_a_new_champion_keeps_a_challenger_that_can_still_challenge(home):
    second = Challenger(package="second", mode="canary", share=0.3)
    for champion, stays in (("first", True), ("third", True), ("second", False)):
        write_release(release_file(home, "shop"), Release(champion="first", challenger=second))
        release_champion(home, "shop", champion)
        assert said(home) == Release(champion=champion, challenger=second if stays else None)
    write_release(release_file(home, "shop"), Release(champion="first", challenger=second))
    shutil.rmtree(home / "packages" / "second")
    release_champion(home, "shop", "third")
    assert said(home) == Release(champion="third")


# --- on the command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def fuserank(home):
    """Runs a command: what it printed; raises what it raised."""

    def run(*arguments):
        done = CliRunner().invoke(app, list(arguments), env={"FUSERANK_HOME": str(home), "COLUMNS": "200"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    return run


def test_the_command_says_what_is_released_now(fuserank, home):
    listed = ["packages, the oldest first:", "  first", "  second", "  third"]
    assert fuserank("release", "shop", "--champion", "first") == ["champion: first", "challenger: none", *listed]
    canary = "--challenger", "second", "--mode", "canary", "--share", "0.25"
    now = ["champion: first", "challenger: second, canary, share 0.25", *listed]
    assert fuserank("release", "shop", *canary) == fuserank("release", "shop") == fuserank("release", "shop", "--show") == now
    assert said(home).challenger == Challenger(package="second", mode="canary", share=0.25)
    assert fuserank("release", "shop", "--no-challenger")[1] == "challenger: none"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--show", "--champion", "first"], "--show and a change"),
        (["--no-challenger", "--share", "0"], "--no-challenger and a challenger"),
        ([], "no release shop.release.json"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(fuserank, home, arguments, words):
    with pytest.raises(InputError, match=words):
        fuserank("release", "shop", *arguments)
    assert not release_file(home, "shop").exists()


@pytest.fixture
def started(home, monkeypatch):
    """Environment and command of the service that a command becomes; what it sets is gone after the test."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FUSERANK_", "BENTOML_"))}
    monkeypatch.setattr(os, "environ", environment)
    seen = {}
    monkeypatch.setattr(os, "execv", lambda _, command: seen.update(os.environ, command=command))
    served(home, "shop").parent.mkdir()
    served(home, "shop").write_text("ranker:one")
    return seen


@pytest.mark.parametrize("released", [True, False])
def test_a_service_is_started_with_the_release_that_it_follows(fuserank, home, started, released):
    if released:
        change_release(home, "shop", champion="first")
    fuserank("serve", "shop", "--port", "3100", "--workers", "3")
    assert started["command"][1:] == ["-m", "bentoml", "serve", "ranker:one", "--host", "127.0.0.1", "--port", "3100"]
    assert json.loads(started["FUSERANK_SERVING"])["workers"] == 3
    assert started.get("FUSERANK_RELEASE") == (str(release_file(home, "shop")) if released else None)


def test_a_service_reads_the_settings_of_where_it_was_started(home, started, tmp_path, monkeypatch):
    """Its process runs in another folder, without our pyproject.toml."""
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lines = (
        "[tool.fuserank]", 'home = "."', "[tool.fuserank.evaluation.families]", 'all = ["text"]',
        "[tool.fuserank.serving]", "threads = 7", "[tool.fuserank.media]", "max_image_bytes = 999",
    )  # fmt: skip
    (tmp_path / "pyproject.toml").write_text("\n".join(lines))
    os.environ["FUSERANK_SERVING__WORKERS"] = "5"
    assert CliRunner().invoke(app, ["serve", "shop", "--workers", "3"]).exit_code == 0
    monkeypatch.setattr(os, "environ", {key: value for key, value in started.items() if key != "command"})
    monkeypatch.chdir(elsewhere)
    settings = load_settings()
    assert settings.home == home
    assert (settings.serving.threads, settings.serving.workers, settings.media.max_image_bytes) == (7, 3, 999)
    assert settings.evaluation.families == {"all": ("text",)}


# --- after packaging, and after a rollback -----------------------------------------------------------------------------------


@pytest.fixture
def job(tmp_path):
    dataset = write_dataset(tmp_path / "data", Manifest(name="tiny"), products=[Product("p", "mug")])
    return Job(dataset.root, Settings(home=tmp_path / "home"))


def built(job, name, age, tag=None):
    """A package folder as far as its name goes, and perhaps its Bento."""
    folder = job.settings.home / "packages" / name
    folder.mkdir(parents=True)
    (folder / "files.json").write_text("{}")
    os.utime(folder, (1000 - age, 1000 - age))
    if tag is not None:
        noted = folder.with_suffix(".c0de.bento")
        noted.write_text(tag)
        os.utime(noted, (1000 - age, 1000 - age))


def test_what_was_packaged_is_released(job):
    home = job.settings.home
    built(job, "v1-aaaa", age=0)
    serve(job, home / "packages" / "v1-aaaa", "ranker:one")
    assert said(home, "tiny") == Release(champion="v1-aaaa")
    assert served(home, "tiny").read_text() == "ranker:one"


def test_the_newest_package_and_bento_of_the_version_are_served_again(job):
    home = job.settings.home
    built(job, "v1-aaaa", 20, "ranker:old")
    built(job, "v1-bbbb", 10, "ranker:new")
    built(job, "v2-cccc", 0, "ranker:other")
    assert serve_again(job, "v1") == "v1-bbbb"
    assert served(home, "tiny").read_text() == "ranker:new"
    assert said(home, "tiny") == Release(champion="v1-bbbb")


def test_a_package_without_a_bento_is_released_too(job):
    home = job.settings.home
    built(job, "v1-aaaa", 0)
    assert serve_again(job, "v1") == "v1-aaaa"
    assert said(home, "tiny") == Release(champion="v1-aaaa")
    assert not served(home, "tiny").exists()


def test_a_package_that_is_gone_is_not_released_and_its_bento_not_started(job):
    home = job.settings.home
    built(job, "v1-aaaa", 0)
    serve(job, home / "packages" / "v1-aaaa", "ranker:one")
    with pytest.raises(InputError, match="no package 'v2-bbbb'"):
        serve(job, home / "packages" / "v2-bbbb", "ranker:two")
    assert said(home, "tiny") == Release(champion="v1-aaaa")
    assert served(home, "tiny").read_text() == "ranker:one"


def test_without_a_package_of_the_version_nothing_changes(job):
    built(job, "v2-cccc", 0, "ranker:other")
    assert serve_again(job, "v1") is None
    assert not served(job.settings.home, "tiny").exists()
    assert not release_file(job.settings.home, "tiny").exists()
