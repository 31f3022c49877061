"""The search itself on a function whose best is known: order, pruning, budget, resumption after `kill -9`, confirmation."""

import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from fuserank.errors import FuserankError, InputError
from fuserank.tuning import Budget, confirm, finalists, finished, importance, open_study, search, winner

SPACE = {"shape": CategoricalDistribution(("round", "flat")), "x": FloatDistribution(0.0, 1.0)}
DEFAULT = {"shape": "flat", "x": 0.2}
EPOCHS = 5


def value_of(params, seed=0):
    """Best 1 at round, x = 0.7; the shape matters most."""
    return 0.7 * (params["shape"] == "round") + 0.3 * (1 - abs(params["x"] - 0.7)) + 0.001 * seed


def evaluate(params, seed, report):
    for epoch in range(1, EPOCHS + 1):
        report(epoch, value_of(params, seed) * epoch / EPOCHS)
    return value_of(params, seed)


TWELVE = Budget(600, 12)


def run(file, budget=TWELVE, evaluate=evaluate, default=DEFAULT, **options):
    with open_study(file, default, 0, SPACE) as study:
        search(study, evaluate, SPACE, budget, **options)
        return finished(study)


def test_the_default_comes_first_and_the_best_is_found(tmp_path):
    told = []
    trials = run(tmp_path / "s.log", Budget(600, 25), on_trial=told.append)
    assert trials[0].params == DEFAULT
    assert (trials[0].number, trials[0].state, trials[0].epochs) == (0, "complete", EPOCHS)
    assert trials == told and len(trials) == 25
    best = max((t for t in trials if t.state == "complete"), key=lambda t: t.value)
    assert best.params["shape"] == "round"
    assert best.value == value_of(best.params) > 0.9


def test_poor_trials_are_pruned_and_the_same_seed_asks_the_same(tmp_path):
    trials = run(tmp_path / "s.log", Budget(600, 25))
    pruned = [t for t in trials if t.state == "pruned"]
    assert pruned and all(t.value is None and "median" in t.why and t.epochs < EPOCHS for t in pruned)
    assert [t.params for t in run(tmp_path / "again.log", Budget(600, 25))] == [t.params for t in trials]


def test_a_second_call_goes_on_and_draws_anew(tmp_path):
    first = run(tmp_path / "s.log", Budget(600, 6))
    second = run(tmp_path / "s.log", Budget(600, 14))
    assert second[:6] == first
    assert len(second) == 14
    drawn = [tuple(t.params.items()) for t in second]
    assert len(set(drawn)) == 14, "a sampler that starts again at its seed repeats the first call"


def test_without_budget_only_the_default_is_evaluated(tmp_path):
    assert [t.params for t in run(tmp_path / "s.log", Budget(0, 50))] == [DEFAULT]


def test_the_trial_that_the_budget_stops_is_asked_first_by_the_next_call(tmp_path, monkeypatch):
    """The clock jumps in the middle of the third trial."""
    clock, asked = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def slow(params, seed, report):
        asked.append(dict(params))
        report(1, 0.5)
        if len(asked) == 3:
            clock[0] = 100.0
        report(2, 0.5)
        return value_of(params)

    assert [t.params for t in run(tmp_path / "s.log", Budget(50, 9), slow)] == asked[:2]
    trials = run(tmp_path / "s.log", Budget(50, 3), slow)
    assert asked[3] == asked[2]
    assert [t.params for t in trials] == [*asked[:2], asked[3]]


def test_a_trial_much_slower_than_the_default_is_pruned(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def costly(params, seed, report):
        for epoch in (1, 2):
            clock[0] += 1.0 if params["shape"] == "flat" else 10.0
            report(epoch, 0.5)
        return value_of(params)

    trials = run(tmp_path / "s.log", Budget(1e6, 12, slowest=4.0), costly)
    round_ones = [t for t in trials if t.params["shape"] == "round"]
    assert round_ones and all(t.state == "pruned" and t.epochs == 1 and "4 times" in t.why for t in round_ones)
    assert all(t.state == "complete" for t in trials if t.params["shape"] == "flat")


def test_params_that_make_no_ranker_fail_and_the_search_goes_on(tmp_path):
    def picky(params, seed, report):
        if params["shape"] == "round":
            raise InputError("no round ones")
        return math.nan if params["x"] > 0.5 else value_of(params)

    trials = run(tmp_path / "s.log", Budget(600, 20), picky)
    states = {(t.params["shape"], t.params["x"] > 0.5): (t.state, t.why) for t in trials}
    assert states == {
        ("round", True): ("failed", "no round ones"),
        ("round", False): ("failed", "no round ones"),
        ("flat", True): ("failed", "its value is nan"),
        ("flat", False): ("complete", ""),
    }
    assert len(trials) == 20


@pytest.mark.parametrize("broken", [lambda *_: math.nan, lambda *_: (_ for _ in ()).throw(InputError("broken"))])
def test_a_default_that_cannot_be_evaluated_is_an_error_and_is_asked_again(tmp_path, broken):
    with pytest.raises(FuserankError, match=r"nan|broken"):
        run(tmp_path / "s.log", evaluate=broken)
    trials = run(tmp_path / "s.log", Budget(600, 3))
    assert next(t.params for t in trials if t.state == "complete") == DEFAULT


def test_two_searches_never_share_a_study(tmp_path):
    with (
        open_study(tmp_path / "s.log", DEFAULT, 0, SPACE),
        pytest.raises(InputError, match="another search"),
        open_study(tmp_path / "s.log", DEFAULT, 0, SPACE),
    ):
        pass
    assert run(tmp_path / "s.log", Budget(0, 0))


def test_importance_names_the_knob_that_matters(tmp_path):
    with open_study(tmp_path / "s.log", DEFAULT, 0, SPACE) as study:
        search(study, evaluate, SPACE, Budget(600, 3))
        assert importance(study) == {}, "too few trials say nothing"
        search(study, evaluate, SPACE, Budget(600, 25))
        shares = importance(study)
    assert list(shares) == ["shape", "x"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["shape"] > 0.6


def test_importance_of_equal_values_is_not_invented(tmp_path):
    with open_study(tmp_path / "s.log", DEFAULT, 0, SPACE) as study:
        search(study, lambda *_: 0.5, SPACE, Budget(600, 6))
        assert importance(study) == {}


def test_a_lucky_trial_loses_with_fresh_seeds(tmp_path):
    """Seed 0 favours one trial by luck; with other seeds the default is better than all."""

    def luck(params, seed, report):
        return value_of(params) if seed == 0 else 1.0 - abs(params["x"] - DEFAULT["x"])

    with open_study(tmp_path / "s.log", DEFAULT, 0, SPACE) as study:
        search(study, luck, SPACE, Budget(600, 10))
        chosen = finalists(study, DEFAULT)
        assert chosen[0].params == DEFAULT and len(chosen) == 3
        assert chosen[1].value >= chosen[2].value > chosen[0].value
        confirmed = confirm(study, luck, chosen, (1, 2))
        assert {n: len(values) for n, values in confirmed.items()} == {t.number: 2 for t in chosen}
        assert winner(confirmed) == 0
        assert confirm(study, lambda *_: pytest.fail("was measured before"), chosen, (1, 2)) == confirmed


def test_of_equals_the_default_wins():
    assert winner({0: [0.5, 0.7], 4: [0.6, 0.6]}) == 0
    assert winner({0: [0.5, 0.7], 4: [0.6, 0.61]}) == 4


VICTIM = """
import sys, time
sys.path.insert(0, {folder!r})
from test_tuning import Budget, DEFAULT, SPACE, open_study, search, value_of
from pathlib import Path

def evaluate(params, seed, report):
    report(1, 0.1)
    print(dict(params), flush=True)
    if params != DEFAULT and len(seen) == 2:
        time.sleep(60)
    seen.append(params)
    return value_of(params)

seen = []
with open_study(Path(sys.argv[1]), DEFAULT, 0, SPACE) as study:
    search(study, evaluate, SPACE, Budget(120, 5))
"""


def test_half_a_line_and_a_lock_that_stayed_are_mended(tmp_path):
    file = tmp_path / "s.log"
    first = run(file, Budget(600, 3))
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"op_code":4,"study_i')
    file.with_name("s.log.lock").symlink_to(file)
    assert run(file, Budget(600, 4))[:3] == first
    assert file.read_bytes().startswith(whole + b'{"op_code":')


OTHER_SPACE = {"shape": CategoricalDistribution(("round", "square")), "x": FloatDistribution(0.0, 1.0)}
DAMAGED = {
    "binary without a line": lambda lines: [b"\x00\xff" * 100],
    "half of the first line": lambda lines: [lines[0][:-9]],
    "a binary line": lambda lines: [b"\x00\xff" * 100 + b"\n"],
    "zeros at the end": lambda lines: [*lines, b"\0" * 4096 + b"\n"],
    "garbage in the middle": lambda lines: [*lines[:3], b"garbage\n", *lines[3:]],
    "blank lines": lambda lines: [b"\n", b"\n", *lines],
    "a list": lambda lines: [b"[]\n", *lines],
    "null": lambda lines: [b"null\n"],
    "no end of nesting": lambda lines: [b"[" * 200_000 + b"\n"],
    "a key that is missing": lambda lines: [b'{"op_code":4}\n'],
    "an unknown operation": lambda lines: [b'{"op_code":99,"worker_id":"x"}\n', *lines],
    "values of another space": lambda lines: [line.replace(b"flat", b"flit") for line in lines],
    "knobs of another space": lambda lines: [line.replace(b'"x"', b'"y"') for line in lines],
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_journal_is_refused_and_kept(tmp_path, damage):
    file = tmp_path / "s.log"
    run(file, Budget(600, 2))
    damaged = b"".join(damage(file.read_bytes().splitlines(keepends=True)))
    file.write_bytes(damaged)
    with pytest.raises(InputError, match=r"s\.log cannot be read: .*next: delete it; the search begins anew"):
        run(file)
    assert file.read_bytes().startswith(damaged)
    file.unlink()
    assert len(run(file, Budget(600, 2))) == 2, "the lock was given back"


def test_a_journal_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "s.log").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        run(tmp_path / "s.log")


def test_a_trial_that_waits_must_be_of_the_space_too(tmp_path):
    with open_study(tmp_path / "s.log", DEFAULT, 0, SPACE):
        pass
    with pytest.raises(InputError, match="cannot be read"), open_study(tmp_path / "s.log", DEFAULT, 0, OTHER_SPACE):
        pass


def test_it_goes_on_after_kill_9(tmp_path):
    """Killed in the third trial: the first two are kept, the third is asked again first, and the lock does not stay."""
    command = [sys.executable, "-c", VICTIM.format(folder=str(Path(__file__).parent)), str(tmp_path / "s.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        begun = [eval(victim.stdout.readline()) for _ in range(3)]
        time.sleep(0.1)
        victim.send_signal(signal.SIGKILL)
    assert victim.returncode == -signal.SIGKILL
    asked = []

    def watched(params, seed, report):
        asked.append(dict(params))
        return evaluate(params, seed, report)

    trials = run(tmp_path / "s.log", Budget(600, 5), watched)
    assert [t.params for t in trials[:2]] == begun[:2] and begun[0] == DEFAULT
    assert asked[0] == begun[2]
    assert len(trials) == 5 and len(asked) == 3
