"""Models stay as registered; the champion changes only through the log, whoever else is writing."""

import threading
from itertools import pairwise

import pytest
from test_model_folder import make

from fuserank import files
from fuserank.errors import InputError, ModelFolderError
from fuserank.model_folder import load_model, save_model
from fuserank.model_registry import Registry


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "registry")


@pytest.fixture
def versions(registry, tmp_path):
    made = []
    for fusion in ("sum", "concat", "attention"):
        save_model(tmp_path / fusion, *make(fusion))
        made.append(registry.register(tmp_path / fusion))
    return made


def test_an_empty_registry(registry):
    assert (registry.versions(), registry.champion(), registry.transitions()) == ([], None, [])
    with pytest.raises(InputError, match="no model"):
        registry.path("x")
    with pytest.raises(InputError, match="0 champion"):
        registry.rollback("why not")


def test_versions_sort_by_age_and_keep_their_model(registry, versions):
    assert registry.versions() == versions == sorted(versions)
    assert [load_model(registry.path(v))[0].spec.fusion for v in versions] == ["sum", "concat", "attention"]


def test_the_same_folder_is_registered_once(registry, versions, tmp_path):
    assert registry.register(tmp_path / "sum") == versions[0]
    assert registry.versions() == versions


def test_a_registered_model_does_not_follow_its_source(registry, versions, tmp_path):
    save_model(tmp_path / "sum", *make("concat"))
    assert load_model(registry.path(versions[0]))[0].spec.fusion == "sum"


def test_a_damaged_model_is_not_registered(registry, tmp_path):
    save_model(tmp_path / "m", *make())
    (tmp_path / "m" / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ModelFolderError):
        registry.register(tmp_path / "m")
    assert registry.versions() == []


def test_a_copy_that_stops_half_way_is_never_visible(registry, tmp_path, monkeypatch):
    save_model(tmp_path / "m", *make())
    monkeypatch.setattr("fuserank.model_registry.read_meta", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        registry.register(tmp_path / "m")
    assert registry.versions() == []
    assert list((registry.root / "models").iterdir()) == []


def test_promote_and_roll_back(registry, versions):
    first, second, third = versions
    for version in versions:
        registry.promote(version, "better", {"p": 0.01})
    assert registry.champion() == third
    assert registry.rollback("complaints") == second
    assert registry.rollback("more complaints") == first
    with pytest.raises(InputError, match="1 champion"):
        registry.rollback("too far")
    registry.promote(third, "repaired", {})
    assert registry.rollback("not repaired") == first
    log = registry.transitions()
    assert [(t.kind, t.from_version, t.to) for t in log] == [
        ("promote", None, first),
        ("promote", first, second),
        ("promote", second, third),
        ("rollback", third, second),
        ("rollback", second, first),
        ("promote", first, third),
        ("rollback", third, first),
    ]
    assert log[0].evidence == {"p": 0.01}
    assert [t.reason for t in log][3] == "complaints"
    assert [t.time for t in log] == sorted(t.time for t in log)


def test_promoting_the_champion_again_changes_nothing(registry, versions):
    registry.promote(versions[0], "a", {})
    registry.promote(versions[0], "b", {})
    assert len(registry.transitions()) == 1


@pytest.mark.parametrize("version", ["", "..", "../../x", "20260101T000000000000Z-000000000000"])
def test_only_a_registered_version_is_promoted(registry, versions, version):
    with pytest.raises(InputError, match="no model"):
        registry.promote(version, "x", {})
    assert registry.champion() is None


def test_a_damaged_model_is_not_promoted_nor_rolled_back_to(registry, versions):
    registry.promote(versions[0], "a", {})
    registry.promote(versions[1], "b", {})
    (registry.path(versions[0]) / "weights.safetensors").unlink()
    with pytest.raises(ModelFolderError):
        registry.rollback("x")
    assert registry.champion() == versions[1]


def test_a_promotion_that_fails_to_write_keeps_the_champion(registry, versions, monkeypatch):
    registry.promote(versions[0], "a", {})

    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(files.os, "replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        registry.promote(versions[1], "b", {})
    monkeypatch.undo()
    assert registry.champion() == versions[0]
    assert len(registry.transitions()) == 1


def test_a_log_that_cannot_be_read_says_so(registry, versions):
    (registry.root / "transitions.jsonl").write_text('{"time"\n')
    with pytest.raises(ModelFolderError, match=r"transitions\.jsonl cannot be read"):
        registry.champion()


def test_concurrent_promotions_lose_nothing(registry, versions):
    threads = [
        threading.Thread(target=lambda: [Registry(registry.root).promote(v, "race", {}) for v in versions]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = registry.transitions()
    assert log[-1].to == registry.champion()
    assert log[0].from_version is None
    assert all(after.from_version == before.to and after.to != before.to for before, after in pairwise(log))


def test_concurrent_registrations_of_one_model_give_one_version(registry, tmp_path):
    save_model(tmp_path / "m", *make())
    found = []
    threads = [threading.Thread(target=lambda: found.append(Registry(registry.root).register(tmp_path / "m"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == set(registry.versions())
    assert len(registry.versions()) == 1
