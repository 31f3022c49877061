"""Following a release: taken up when it can be, refused in words when not, and never half."""

import gc
import shutil
import threading
import time
import weakref

import pytest

from fuserank.messages import RankRequest, ShopperQuery
from fuserank.serving import (
    Challenger,
    Deployment,
    Follower,
    Lineup,
    RankingService,
    Release,
    lineup_of,
    open_package,
    read_release,
    write_release,
)
from fuserank.serving.updates import Updates
from tests.served_shops import SampleStore, open_shop

STORED = "stored/evidence.npy"
NEVER = 3600.0  # seconds between looks: the test looks itself


@pytest.fixture(scope="module")
def folder(shop, tmp_path_factory):
    """Packages `a` and `b`, the second with another ranker."""
    root = tmp_path_factory.mktemp("packages")
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(shop.package, root / "a")
    shutil.copytree(open_shop(SampleStore(shop.dataset, shop.features, {}), other, seed=1).package, root / "b")
    return root


@pytest.fixture
def load(service):
    """Opens a package with the encoders that are loaded already, and remembers which were asked for."""

    def open_(path):
        open_.asked.append(path.name)
        return RankingService(open_package(path), service.modalities)

    open_.asked = []
    return open_


@pytest.fixture
def followed(folder, load, tmp_path):
    """(deployment, follower, file, folder) that begin with `a`."""
    packages = shutil.copytree(folder, tmp_path / "packages")
    file, release = packages / "release.json", Release(champion="a")
    write_release(file, release)
    deployment = Deployment(lineup_of(release, packages, load))
    follower = Follower(deployment, file, read_release(file), load, NEVER)
    yield deployment, follower, file, packages
    follower.close()


def names(deployment):
    return deployment.lineup.champion.folder.name, getattr(deployment.lineup.challenger, "folder", None)


def promote(file, name, **challenger):
    write_release(file, Release(champion=name, challenger=Challenger(**challenger) if challenger else None))


def test_forward_and_back(followed, load):
    deployment, follower, file, _ = followed
    versions = [deployment.lineup.champion.version]
    for name in ("b", "a"):
        promote(file, name)
        follower.look()
        versions.append(deployment.lineup.champion.version)
        assert names(deployment) == (name, None)
        assert deployment.health().status == "ok"
    assert versions[0] == versions[2] != versions[1]


def test_what_is_served_is_not_loaded_again(followed, load):
    deployment, follower, file, _packages = followed
    first = deployment.lineup.champion
    promote(file, "b", package="a", mode="shadow", share=0.5)
    follower.look()
    assert deployment.lineup.challenger is first
    assert (deployment.lineup.mode, deployment.lineup.share) == ("shadow", 0.5)
    promote(file, "a", package="b", mode="canary", share=1.0)
    follower.look()
    assert deployment.lineup.champion is first
    assert load.asked == ["a", "b"]


def test_an_unchanged_file_is_not_even_read(followed, load):
    deployment, follower, _, packages = followed
    follower.look()
    shutil.rmtree(packages / "a")
    follower.look()
    assert deployment.health().status == "ok"


def damage(packages, name):
    path = packages / name / STORED
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("broken", ["missing", "flipped", "no seal", "no release", "no json", "a path"])
def test_what_cannot_be_served_is_refused_and_the_old_one_goes_on(followed, broken):
    deployment, follower, file, packages = followed
    before = deployment.lineup
    match broken:
        case "missing":
            promote(file, "nowhere")
        case "flipped":
            damage(packages, "b")
            promote(file, "b")
        case "no seal":
            (packages / "b" / "files.json").unlink()
            promote(file, "b")
        case "no release":
            file.unlink()
        case "no json":
            file.write_text("{")
        case "a path":
            file.write_text('{"champion": "../packages/b"}')
    follower.look()
    assert deployment.lineup is before
    assert deployment.health().status == "degraded"
    assert deployment.health().problems == ["release refused: the old one goes on, the log says why"]
    assert deployment.rank(RankRequest(query=ShopperQuery(text="bag"), candidates=before.champion.stock.catalogue.product_ids), 0.0)
    promote(file, "a")
    follower.look()
    assert deployment.health().status == "ok"


def test_a_challenger_that_is_damaged_changes_nothing_of_the_champion(followed):
    deployment, follower, file, packages = followed
    damage(packages, "b")
    promote(file, "a", package="b", mode="canary", share=1.0)
    follower.look()
    assert names(deployment) == ("a", None)
    assert deployment.health().status == "degraded"


def test_the_same_release_written_again_is_tried_again(followed, folder):
    deployment, follower, file, packages = followed
    damage(packages, "b")
    promote(file, "b")
    follower.look()
    assert names(deployment)[0] == "a"
    shutil.copy(folder / "b" / STORED, packages / "b" / STORED)
    promote(file, "b")
    follower.look()
    assert names(deployment)[0] == "b"
    assert deployment.health().status == "ok"


def test_an_error_that_nobody_foresaw_is_a_refusal_too(folder, service, tmp_path):
    packages = shutil.copytree(folder, tmp_path / "packages")
    file, release = packages / "release.json", Release(champion="a")
    write_release(file, release)
    deployment = Deployment(Lineup(service))

    def load(path):
        raise MemoryError

    follower = Follower(deployment, file, release, load, 0.01)
    promote(file, "b")
    until = time.monotonic() + 60
    while deployment.health().status == "ok" and time.monotonic() < until:
        time.sleep(0.01)
    assert deployment.health().status == "degraded"
    assert deployment.lineup.champion is service
    follower.close()


def test_a_change_while_the_deployment_was_loaded_is_not_lost(folder, load, tmp_path):
    packages = shutil.copytree(folder, tmp_path / "packages")
    file, release = packages / "release.json", Release(champion="a")
    deployment = Deployment(lineup_of(release, packages, load))
    promote(file, "b")
    follower = Follower(deployment, file, release, load, NEVER)
    follower.look()
    assert names(deployment)[0] == "b"
    follower.close()


def test_a_thread_follows_by_itself_and_ends(folder, load, tmp_path):
    packages = shutil.copytree(folder, tmp_path / "packages")
    file, release = packages / "release.json", Release(champion="a")
    write_release(file, release)
    deployment = Deployment(lineup_of(release, packages, load))
    follower = Follower(deployment, file, release, load, 0.01)
    promote(file, "b")
    until = time.monotonic() + 60
    while names(deployment)[0] == "a" and time.monotonic() < until:
        time.sleep(0.01)
    assert names(deployment)[0] == "b"
    follower.close()
    assert "following the release" not in {thread.name for thread in threading.enumerate()}


def test_a_service_that_answers_no_more_goes_with_its_threads(followed, tmp_path):
    deployment, follower, file, _ = followed
    updates, threads = Updates(tmp_path / "updates"), set(threading.enumerate())
    updates.catch_up(deployment.lineup.champion)
    everything = deployment.lineup.champion.stock.catalogue.product_ids
    deployment.rank(RankRequest(query=ShopperQuery(text="bag"), candidates=everything, deadline_ms=60_000), time.perf_counter())
    old, own = weakref.ref(deployment.lineup.champion), set(threading.enumerate()) - threads
    promote(file, "b")
    follower.look()
    gc.collect()
    for thread in own:
        thread.join(5)
    assert old() is None
    assert own and not any(thread.is_alive() for thread in own)
