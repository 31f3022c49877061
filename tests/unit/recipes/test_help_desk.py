"""The knowledge base as data, and a desk that answers from it word for word or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.calibration import Calibration
from fuserank.data.leakage import leaks
from fuserank.errors import RequestError
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.customer_service.dataset import build_help, is_answered
from fuserank.recipes.customer_service.desk import HelpDesk
from fuserank.recipes.customer_service.knowledge import LOCALES, entries, unanswered
from tests.unit.recipes.talking_shop import TalkingShop, row

SURE = Confidence(Calibration(method="platt", values={"slope": (1.0,), "bias": (0.0,)}, queries=1, pairs=1, relevant=1), 0.7)
ROWS = [
    row("return-en", "return an item", description="You have 30 days."),
    row("return-zh", "退货", description="30天内可以退货。", locale="zh"),
    row("pay-en", "how to pay", description="By card."),
]


def test_entries_are_written_in_both_languages():
    assert len(entries()) >= 140
    topics = {entry.topic for entry in entries()}
    assert {(entry.topic, entry.locale) for entry in entries()} == {(topic, locale) for topic in topics for locale in LOCALES}
    for entry in entries():
        assert entry.title and entry.answer and len(entry.asked) == 3
        assert entry.title.isascii() == entry.answer.isascii() == (entry.locale == "en")


def test_no_question_is_asked_twice_or_is_a_title():
    asked = [question.casefold() for entry in entries() for question in entry.asked] + [q.casefold() for *_, q in unanswered()]
    assert len(asked) == len(set(asked))
    assert not set(asked) & {entry.title.casefold() for entry in entries()}


def test_dataset(tmp_path):
    data = build_help(tmp_path / "a")
    assert data.version == build_help(tmp_path / "b").version != build_help(tmp_path / "c", seed=1).version
    assert not leaks(data)
    for query in data.queries:
        grades = data.qrels.get(query.query_id, {})
        assert bool(grades) == is_answered(query.query_id)
        topic = query.query_id.rsplit("-", 2)[0]
        assert grades in ({}, {f"{topic}-{query.locale}": 3, f"{topic}-{'zh' if query.locale == 'en' else 'en'}": 2})
    silent = [query.split for query in data.queries if not is_answered(query.query_id)]
    assert set(silent) == {"val", "test"} and 1.5 < silent.count("test") / silent.count("val") < 2.5


def test_topics_of_each_category_stand_in_each_split(tmp_path):
    data = build_help(tmp_path / "a", seed=3)
    category = {entry.topic: entry.category for entry in entries()}
    for split in ("train", "val", "test"):
        here = {category[q.query_id.rsplit("-", 2)[0]] for q in data.queries if q.split == split and is_answered(q.query_id)}
        assert here == set(category.values())


def test_the_answer_is_the_entry_word_for_word():
    reply = HelpDesk(TalkingShop(ROWS), SURE).ask("can I return an item")
    assert (reply.answer, reply.entry_id) == ("You have 30 days.", "return-en")
    assert reply.probability > 0.7 and reply.titles[0] == "return an item"


def test_only_entries_of_its_language_are_looked_at():
    shop = TalkingShop(ROWS, scores={"return-en": 9.0, "return-zh": 2.0})
    assert HelpDesk(shop, SURE).ask("怎么退货").entry_id == "return-zh"
    assert shop.asked[0].filters.locales == ["zh"]


def test_too_weak_is_no_answer_but_titles_to_choose_from():
    reply = HelpDesk(TalkingShop(ROWS), SURE).ask("what is the capital of France")
    assert (reply.answer, reply.entry_id) == ("", "") and reply.probability < 0.7 and len(reply.titles) == 2


def test_the_threshold_itself_is_an_answer():
    shop = TalkingShop(ROWS, scores={"return-en": 0.0})
    bar = Confidence(SURE.calibration, 0.5)
    assert HelpDesk(shop, bar).ask("x").answer


def test_an_empty_knowledge_base_and_an_empty_question():
    assert HelpDesk(TalkingShop([]), SURE).ask("why").titles == ()
    with pytest.raises(RequestError, match="empty question"):
        HelpDesk(TalkingShop(ROWS), SURE).ask(" \n")


def test_spoken():
    desk = HelpDesk(TalkingShop(ROWS, heard="return an item"), SURE)
    assert desk.hear(b"RIFF").entry_id == "return-en"
    assert HelpDesk(TalkingShop(ROWS), SURE).hear(b"RIFF").question == ""


@given(st.text(min_size=1, max_size=700))
def test_any_question(text):
    try:
        reply = HelpDesk(TalkingShop(ROWS), SURE).ask(text)
    except RequestError:
        return
    assert reply.answer in {"", *(entry.description for entry in ROWS)}
