"""What is stored of a person: pseudonyms that agree between processes, texts without addresses and long numbers, no media."""

import hashlib
import hmac
import multiprocessing
import re
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.errors import InputError
from fuserank.inference_log import SCHEMAS, InferenceLog, read_log
from fuserank.inference_log.privacy import folder_salt, masked, pseudonym
from tests.unit.logged_records import SALT, event, ranking


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mug for ann.lee+shop@mail.example.co.uk please", "mug for *@* please"),
        ("发到wang@example.com谢谢", "*@*"),  # no spaces: the words around go with it
        ("李雷＠例子。公司", "*@*"),
        ("a@b.de@c.org", "*@*"),
        ("call 5551234 now", "call # now"),
        ("+49 (170) 123-4567", "+#"),
        ("4111 1111 1111 1111", "#"),
        ("card 4111-1111-1111-1111, red", "card #, red"),
        ("١٢٣٤٥٦٧ and １２３４５６７８", "# and #"),
        ("a@b.de 0170 1234567 c@d.org", "*@* # *@*"),
        ("iphone 15 256 gb", "iphone 15 256 gb"),
        ("123456", "123456"),
        ("size 38 to 42, 2 @ 10", "size 38 to 42, 2 @ 10"),
        ("@zara dress", "@zara dress"),
        ("红色 马克杯 300ml", "红色 马克杯 300ml"),
        ("half \ud83d of it", "half ? of it"),
        ("", ""),
    ],
)
def test_masks(text, kept):
    assert masked(text) == kept


@given(st.text(), st.integers(10**6, 10**18), st.text())
def test_no_long_number_gets_through(before, number, after):
    assert not re.search(r"\d{7}", masked(f"{before}{number}{after}"))


@given(st.text(alphabet="ab@.0123 -", max_size=60))
def test_masking_twice_changes_nothing_more(text):
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("piece", ["a", "a@", "1 ", "a@b", "1-", "@"])
def test_masking_is_linear_in_the_length(piece):
    masked(piece * 200_000)  # hours, if a pattern were quadratic; the runner's own limit would end it


def test_users_and_sessions_are_stored_as_hmac_alone(tmp_path):
    with InferenceLog(tmp_path, salt=SALT) as log:
        log.put(ranking(user="ann"))
        log.put(event(user="ann", session_id="ann's phone"))
        log.put(ranking(user=None))
    digest = hmac.new(SALT, b"ann", hashlib.sha256).digest()[:16].hex()  # RFC 2104 by the standard library's other door
    assert read_log(tmp_path, "rankings")[0]["user"].to_pylist() == [digest, None]
    (row,) = read_log(tmp_path, "events")[0].to_pylist()
    assert row["user"] == digest and re.fullmatch("[0-9a-f]{32}", row["session_id"]) and row["session_id"] != digest
    assert all(b"ann" not in path.read_bytes() for path in tmp_path.iterdir())
    assert not (tmp_path / "salt").exists()


def test_another_salt_gives_another_pseudonym():
    assert pseudonym("ann", SALT) != pseudonym("ann", SALT[::-1]) != pseudonym("bob", SALT[::-1])
    assert pseudonym("\ud800", SALT) != pseudonym("?", SALT)


def test_texts_are_stored_masked(tmp_path):
    with InferenceLog(tmp_path) as log:
        log.put(ranking(text="ann@mail.example 0170 1234567"))
    assert read_log(tmp_path, "rankings")[0]["text"].to_pylist() == ["*@* #"]


def test_no_column_could_hold_media():
    binary = [field.name for schema in SCHEMAS.values() for field in schema if "binary" in str(field.type)]
    assert binary == ["query_vectors"]


def test_the_folder_and_its_salt_are_not_for_everybody(tmp_path):
    for _ in range(2):
        with InferenceLog(tmp_path / "log") as log:
            log.put(ranking())
    assert stat.S_IMODE((tmp_path / "log" / "salt").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) & 0o007 == 0
    assert len(set(read_log(tmp_path / "log", "rankings")[0]["user"].to_pylist())) == 1  # kept from one log to the next


def ask_for_salts(folder, start, said):
    salts = []
    for number in range(40):
        start.wait()  # all ask at once, each time
        salts.append(folder_salt(folder / str(number)))
    said.put(salts)


def test_processes_that_race_for_the_salt_get_the_same(tmp_path):
    context = multiprocessing.get_context("fork")
    start, said = context.Barrier(4, timeout=60), context.Queue()
    racers = [context.Process(target=ask_for_salts, args=(tmp_path, start, said)) for _ in range(4)]
    for racer in racers:
        racer.start()
    answers = [said.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()
    assert answers[0] == answers[1] == answers[2] == answers[3] and len(set(answers[0])) == 40
    assert [path.name for path in (tmp_path / "0").iterdir()] == ["salt"]


def test_a_file_that_is_no_salt_is_refused(tmp_path):
    (tmp_path / "salt").write_bytes(b"short")
    with pytest.raises(InputError, match="5 bytes; allowed: 32 bytes"):
        folder_salt(tmp_path)
    with InferenceLog(tmp_path) as log:
        log.put(ranking())
    assert log.lost == 1
