"""Models stay as registered; the champion changes only through the log, whoever else is writing; who decided what stands there."""

import getpass
import os
import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_model_folder import make

from fuserank import files
from fuserank.errors import InputError, ModelFolderError
from fuserank.model_folder import load_model, save_model
from fuserank.model_registry import Registry, champion_of, matching, operator, reigns_of
from fuserank.model_registry.transitions import append_transition, read_transitions


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
    monkeypatch.setattr("fuserank.model_registry.registry.read_meta", lambda folder: 1 / 0)
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


# --- who decided what, and why ------------------------------------------------------------------------------------------------


def test_the_log_says_who_and_a_run_is_named_beside_the_user(registry, versions, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")
    monkeypatch.setattr(socket, "gethostname", lambda: "till")
    registry.promote(versions[0], "a", {})
    registry.promote(versions[1], "b", {}, "flow run noon")
    registry.refuse(versions[2], "c", {"p": 0.5}, "flow run night")
    registry.rollback("d")
    assert [t.who for t in registry.transitions()] == [
        "anna@till",
        "anna@till, flow run noon",
        "anna@till, flow run night",
        "anna@till",
    ]


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_a_user_without_a_name_is_called_by_its_number(monkeypatch, error):
    def nobody():
        raise error("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert operator() == f"uid{os.getuid()}@{socket.gethostname()}"


def test_a_refusal_is_logged_and_changes_no_champion(registry, versions):
    registry.refuse(versions[0], "too slow", {})
    assert registry.champion() is None
    registry.promote(versions[1], "better", {})
    registry.refuse(versions[2], "no better", {"promote": False})
    last = registry.transitions()[-1]
    assert (last.kind, last.from_version, last.to, last.reason) == ("refuse", versions[1], versions[2], "no better")
    assert last.evidence == {"promote": False}
    assert registry.champion() == versions[1]
    with pytest.raises(InputError, match="1 champion"):
        registry.rollback("a refused model is no champion to go back to or from")


def test_promoting_says_whether_it_changed_anything(registry, versions):
    assert registry.promote(versions[0], "a", {})
    assert not registry.promote(versions[0], "a", {})


@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_without_a_reason_nothing_is_decided(registry, versions, reason):
    registry.promote(versions[0], "a", {})
    registry.promote(versions[1], "b", {})
    for decide in (
        lambda: registry.promote(versions[2], reason, {}),
        lambda: registry.refuse(versions[2], reason, {}),
        lambda: registry.rollback(reason),
        lambda: registry.remove(versions[2], reason, {}),
    ):
        with pytest.raises(InputError, match="without a reason"):
            decide()
    assert len(registry.transitions()) == 2
    assert registry.versions() == versions


WORDS = st.text(st.characters(exclude_categories=()))  # every code point, surrogates too


@example([("why\ud800", "who\udcff"), ("why\u2028why\x85", "")])
@given(st.lists(st.tuples(WORDS.filter(str.strip), WORDS), min_size=1, max_size=4))
def test_any_words_come_back_and_none_breaks_the_log(tmp_path_factory, said):
    """U+2028 and its like end a line to `str.splitlines`, lone surrogates are no UTF-8."""
    file = tmp_path_factory.mktemp("log") / "transitions.jsonl"
    for reason, who in said:
        append_transition(file, "promote", "v", reason=reason, evidence={}, who=who)
    read = read_transitions(file)
    assert [t.reason for t in read] == [reason.encode(errors="replace").decode() for reason, _ in said]
    assert all(t.who.startswith(operator()) for t in read)


MODELS = ("a", "b", "c")
DECISIONS = st.lists(st.tuples(st.sampled_from(["promote", "rollback", "refuse", "prune"]), st.sampled_from(MODELS)), max_size=25)


@given(DECISIONS)
def test_the_champion_follows_from_promotions_and_rollbacks_alone(tmp_path_factory, decisions):
    """Held against a stack that is kept by hand: whatever else stands in the log."""
    root = tmp_path_factory.mktemp("registry")
    registry, stack, log = Registry(root), [], root / "transitions.jsonl"
    for kind, model in decisions:
        if kind == "rollback":
            if len(stack) < 2:
                continue
            stack.pop()
        elif kind == "promote":
            stack.append(model)
        about = stack[-1] if kind == "rollback" else model
        append_transition(log, kind, about, reason="x", evidence={}, who=None)
        assert registry.champion() == (stack[-1] if stack else None)
        assert registry.reigns() == stack
    told = [t for t in registry.transitions() if t.enthrones]
    assert all(after.from_version == before.to for before, after in pairwise(told))
    assert all(t.from_version == champion_of(registry.transitions()[:place]) for place, t in enumerate(registry.transitions()))
    assert reigns_of(told) == stack


# --- names, and removal -------------------------------------------------------------------------------------------------------


def test_a_version_is_found_by_beginning_end_hash_and_the_name_in_an_answer(registry, versions):
    for version in versions:
        digest = version.partition("-")[2]
        for text in (version, version[:-1], version[1:], digest, digest[:8], digest[-8:], f"sum+sequence@{digest}"):
            assert registry.find(text) == version
    with pytest.raises(InputError, match=rf"'2' may be 3 models.*{versions[0]}, {versions[1]}, {versions[2]}"):
        registry.find("2")
    for unknown in ("", "nothing", "late@"):
        with pytest.raises(InputError, match="no model"):
            registry.find(unknown)


@given(st.lists(st.text("ab-", min_size=1, max_size=4), max_size=5), st.text("ab-@", max_size=4))
def test_what_matches_is_known_and_a_full_name_wins(versions, text):
    found = matching(versions, text)
    assert len(found) == len(set(found)) and set(found) <= set(versions)
    if text in versions and "@" not in text:
        assert found == [text]


def test_a_version_is_removed_with_what_was_made_of_it_and_the_log_keeps_it(registry, versions, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "file").write_text("x")
    (tmp_path / "note").write_text("x")
    registry.promote(versions[0], "a", {})
    registry.remove(versions[1], "old", {"bytes": 7}, also=[tmp_path / "package", tmp_path / "note"])
    assert registry.versions() == [versions[0], versions[2]]
    assert not (tmp_path / "package").exists() and not (tmp_path / "note").exists()
    assert [path.name for path in (registry.root / "models").iterdir() if path.name.startswith(".")] == []
    last = registry.transitions()[-1]
    assert (last.kind, last.to, last.evidence) == ("prune", versions[1], {"bytes": 7})
    assert registry.champion() == versions[0]
    with pytest.raises(InputError, match="it was pruned"):
        registry.path(versions[1])


def test_the_champion_is_not_removed(registry, versions):
    registry.promote(versions[0], "a", {})
    with pytest.raises(InputError, match=f"{versions[0]} is champion"):
        registry.remove(versions[0], "old", {})
    assert registry.path(versions[0]).is_dir()


def test_a_removal_that_stops_half_way_leaves_no_half_of_a_model(registry, versions, monkeypatch):
    def stopped(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(files.shutil, "rmtree", stopped)
        with pytest.raises(KeyboardInterrupt):
            registry.remove(versions[1], "old", {})
    assert registry.versions() == [versions[0], versions[2]]
    assert registry.transitions()[-1].to == versions[1]
    registry.sweep()
    assert sorted(path.name for path in (registry.root / "models").iterdir()) == [versions[0], versions[2]]


def test_a_champion_that_was_pruned_is_not_rolled_back_to(registry, versions):
    for version in versions:
        registry.promote(version, "better", {})
    registry.remove(versions[1], "old", {})
    with pytest.raises(InputError, match="it was pruned"):
        registry.rollback("x")
    assert registry.champion() == versions[2]
