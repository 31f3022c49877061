"""Pruning: what serves or can come back stays, whatever happens at the same time; what goes is gone as a whole and in the log."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registered_shop import registered_shop

from fuserank import files
from fuserank.errors import InputError
from fuserank.pipeline.prune import doomed, prune
from fuserank.pipeline.releasing import packages, packages_lock, release_champion, release_file
from fuserank.serving import Challenger, Release, read_release, write_release


@pytest.fixture
def shop(tmp_path):
    return registered_shop(tmp_path)


def going(shop, keep, **options):
    return [shop.versions.index(one.version) for one in doomed(shop.home, "shop", keep, **options)]


def test_an_empty_registry_has_nothing_to_prune(shop):
    assert doomed(shop.home, "shop", 1) == prune(shop.home, "shop", 1) == []


@pytest.mark.parametrize("keep", [0, -1])
def test_the_newest_is_always_kept(shop, keep):
    shop.register()
    with pytest.raises(InputError, match=f"--keep {keep}; allowed: 1 or more"):
        prune(shop.home, "shop", keep)
    assert len(shop.registry.versions()) == 1


def test_the_champion_and_those_that_a_rollback_goes_back_to_stay(shop):
    for _ in range(8):
        shop.register()
    for place in (0, 1, 2, 3):
        shop.registry.promote(shop.versions[place], "better", {})
    assert going(shop, 1) == [0, 1, 4, 5, 6]
    assert going(shop, 2) == [0, 4, 5]
    shop.registry.rollback("complaints")  # 3 is out of the stack
    assert going(shop, 1) == [0, 3, 4, 5, 6]
    assert going(shop, 8) == []


def test_as_many_rollbacks_as_were_kept_work_after_pruning(shop):
    for place in range(5):
        shop.registry.promote(shop.register(), f"better {place}", {})
    prune(shop.home, "shop", 2)
    assert shop.registry.rollback("x") == shop.versions[3]
    assert shop.registry.rollback("x") == shop.versions[2]
    with pytest.raises(InputError, match="it was pruned"):
        shop.registry.rollback("x")


def test_what_any_release_names_stays(shop):
    for _ in range(5):
        shop.register()
    names = [shop.package(version) for version in shop.versions]
    second = Challenger(package=names[1], mode="shadow", share=0.1)
    write_release(release_file(shop.home, "shop"), Release(champion=names[0], challenger=second))
    write_release(release_file(shop.home, "twin"), Release(champion=names[2]))
    assert going(shop, 1) == [3]
    prune(shop.home, "shop", 1)
    assert set(packages(shop.home)) == {names[0], names[1], names[2], names[4]}


def test_nothing_goes_while_a_release_cannot_be_read(shop):
    for _ in range(3):
        shop.register()
    write_release(release_file(shop.home, "twin"), Release(champion="x"))
    release_file(shop.home, "twin").write_text("{")
    with pytest.raises(InputError, match="twin"):
        prune(shop.home, "shop", 1)
    assert len(shop.registry.versions()) == 3


def test_the_model_that_training_starts_from_stays(shop):
    for _ in range(4):
        shop.register()
    assert going(shop, 1, start=shop.registry.path(shop.versions[1])) == [0, 2]
    assert going(shop, 1, start=shop.root / "elsewhere") == [0, 1, 2]


def test_what_goes_is_gone_as_a_whole_and_stands_in_the_log(shop):
    old, new = shop.register(), shop.register()
    package, other = shop.package(old, tag="ranker:old"), shop.package(new, tag="ranker:new")
    (shop.home / "packages" / f"{old}-half").mkdir()  # without a seal: it was never whole
    shop.measure(old, {"q": 0.5})
    kept = shop.measure(new, {"q": 0.5})
    announced = doomed(shop.home, "shop", 1)
    assert shop.registry.versions() == [old, new]  # to ask changes nothing
    sizes = [path.stat().st_size for path in shop.root.rglob("*") if path.is_file() and old in str(path.relative_to(shop.root))]
    (one,) = prune(shop.home, "shop", 1, who="flow run clean")
    assert [one] == announced
    assert (one.version, one.bentos, one.size) == (old, ("ranker:old",), sum(sizes))
    assert set(one.packages) == {package, f"{old}-half"}
    assert [path for path in shop.home.rglob("*") if old in path.name] == []
    assert packages(shop.home) == [other] and kept.exists()
    said = shop.registry.transitions()[-1]
    assert (said.kind, said.to, said.evidence["bytes"]) == ("prune", old, one.size)
    assert said.who.endswith(", flow run clean") and "--keep 1" in said.reason


def test_a_pruning_that_stops_half_way_is_completed_by_the_next(shop, monkeypatch):
    old, new = shop.register(), shop.register()
    shop.package(old, tag="ranker:old")
    replace, calls = files.os.replace, []

    def stopping(source, target):
        if str(target).endswith(files.DISCARDED):
            calls.append(target)
            if len(calls) == 2:
                raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as broken:
        broken.setattr(files.os, "replace", stopping)
        with pytest.raises(KeyboardInterrupt):
            prune(shop.home, "shop", 1)
    assert shop.registry.versions() == [old, new]  # packages go first, so the model is found again
    assert [one.version for one in prune(shop.home, "shop", 1)] == [old]
    assert [path for path in shop.home.rglob("*") if old in path.name] == []


def test_what_an_interrupted_pruning_left_goes_with_the_next(shop):
    shop.register()
    shop.package(shop.versions[0])
    left = shop.home / "packages" / f".old{files.DISCARDED}"
    left.mkdir()
    prune(shop.home, "shop", 1)
    assert not left.exists()


def test_a_package_is_not_released_while_it_goes_nor_after(shop):
    old, new = shop.register(), shop.register()
    package, other = shop.package(old), shop.package(new)
    release_champion(shop.home, "shop", other)
    ended = []

    def late():
        try:
            release_champion(shop.home, "shop", package)
        except InputError as error:
            ended.append(str(error))

    with packages_lock(shop.home):
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # it waits
        files.discard(shop.home / "packages" / package)
    thread.join()
    assert len(ended) == 1 and f"no package {package!r}" in ended[0]
    assert read_release(release_file(shop.home, "shop")) == Release(champion=other)


@settings(max_examples=25)
@given(
    promoted=st.lists(st.integers(0, 5), max_size=8),
    rollbacks=st.integers(0, 3),
    released=st.none() | st.integers(0, 5),
    keep=st.integers(1, 4),
)
def test_nothing_that_serves_or_comes_back_ever_goes(tmp_path_factory, promoted, rollbacks, released, keep):
    shop = registered_shop(tmp_path_factory.mktemp("shop"))
    registry = shop.registry
    for _ in range(6):
        shop.register()
    for place in promoted:
        registry.promote(shop.versions[place], "x", {})
    for _ in range(min(rollbacks, len(registry.reigns()) - 1)):
        registry.rollback("x")
    if released is not None:
        write_release(release_file(shop.home, "shop"), Release(champion=shop.package(shop.versions[released])))
    champion, stack = registry.champion(), registry.reigns()
    gone = {one.version for one in prune(shop.home, "shop", keep)}
    left = set(registry.versions())
    assert gone | left == set(shop.versions) and not gone & left
    assert registry.champion() == champion
    assert {*stack[-keep - 1 :], *shop.versions[-keep:]} <= left
    assert released is None or shop.versions[released] in left
    assert prune(shop.home, "shop", keep) == []
