"""Rules over HTTP and while they change: places move, scores stay, answers name the rules, broken files change nothing."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from fastapi.testclient import TestClient

from fuserank.errors import InputError
from fuserank.merchandising import likeness
from fuserank.merchandising.reading import parse_rules
from fuserank.messages import MAX_TEXT, GivenProduct, RankRequest, SearchRequest, ShopperQuery
from fuserank.pipeline.merchandising import release_rules
from fuserank.serving import Deployment, Lineup, Merchandising, RankingService, RulesFollower, open_package, rules_file
from fuserank.serving.http import create_app
from fuserank.serving.merchandising import alike_vectors

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def own(shop, service):
    """A service of one test alone, with a clock that stands."""
    return RankingService(open_package(shop.package), service.modalities, merchandising=Merchandising(clock=lambda: NOW))


@pytest.fixture
def client(own):
    with TestClient(create_app(lambda: Deployment(Lineup(own), merchandising=own.merchandising))) as client:
        yield client


def toml(*rules):
    """Rules out of (name, lines)."""
    return "\n".join(f'[[rules]]\nname = "{name}"\n{lines}\n' for name, lines in rules).encode()


def serve(service, *rules):
    service.merchandising.rules = parse_rules(toml(*rules))


def ask(client, text, k=100, **more):
    answer = client.post("/v1/search", json={"query": {"text": text, "locale": "en"}, "k": k, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [line["product_id"] for line in answer["results"]]


def test_a_pin_moves_a_place_and_no_score(client, own, some):
    before = ask(client, some["text"])
    last = before["results"][-1]
    assert before["rules_version"] is None
    serve(own, ("top", f'kind = "pin"\nproduct = "{last["product_id"]}"\nplace = 2'))
    after = ask(client, some["text"])
    second = after["results"][1]
    assert second["product_id"] == last["product_id"]
    assert second["score"] == pytest.approx(last["score"], abs=1e-4)
    assert second["probability"] == pytest.approx(last["probability"], abs=1e-4) if last["probability"] is not None else True
    assert (second["rank"], second["model_rank"], second["moved_by"]) == (2, last["rank"], ["top"])
    assert after["rules"] == ["top"]
    assert after["rules_version"] == own.merchandising.rules.version[:12]
    assert [i for i in ids(after) if i != last["product_id"]] == [i for i in ids(before) if i != last["product_id"]]


def test_a_pin_brings_what_retrieval_did_not_find(client, own, some):
    found = ids(ask(client, some["text"], depth=1))
    absent = next(p for p in own.stock.catalogue.product_ids if p not in found)
    serve(own, ("in", f'kind = "pin"\nproduct = "{absent}"\nplace = 1'))
    assert ids(ask(client, some["text"], depth=1))[0] == absent
    cheaper = ask(client, some["text"], depth=1, filters={"max_price": 0})
    assert absent not in ids(cheaper)
    assert "is not among the products shown" in cheaper["notes"][-1]


def test_rank_pins_only_candidates(client, own, some):
    candidates = list(own.stock.catalogue.product_ids[:5])
    other = own.stock.catalogue.product_ids[9]
    serve(
        own, ("a", f'kind = "pin"\nproduct = "{candidates[4]}"\nplace = 1'), ("b", f'kind = "pin"\nproduct = "{other}"\nplace = 2')
    )
    answer = client.post("/v1/rank", json={"query": {"text": some["text"]}, "candidates": candidates}).json()
    assert ids(answer)[0] == candidates[4]
    assert sorted(ids(answer)) == sorted(candidates)
    assert answer["notes"] == [f"rule 'b': product {other} is not among the products shown"]


def test_a_candidate_with_content_is_selected_by_it(client, own, some):
    new = {"product_id": "new", "title": "nothing of the kind", "brand": "Only Here", "price": 1.0}
    serve(own, ("up", 'kind = "boost"\nproducts = {brands = ["only here"]}\nby = 1000'))
    body = {"query": {"text": some["text"]}, "candidates": [*own.stock.catalogue.product_ids[:5], new]}
    answer = client.post("/v1/rank", json=body).json()
    assert ids(answer)[0] == "new"


def test_hiding_everything_is_an_empty_answer_that_says_so(client, own, some):
    serve(own, ("all", 'kind = "hide"\nproducts = {min_price = 0}'), ("rest", 'kind = "only"\nproducts = {ids = ["nobody"]}'))
    answer = ask(client, some["text"])
    assert answer["results"] == []
    assert "hides everything" in answer["notes"][-1]


def test_a_rule_outside_its_dates_does_nothing(client, own, some):
    before = ids(ask(client, some["text"]))
    serve(own, ("past", f'kind = "pin"\nproduct = "{before[-1]}"\nplace = 1\nuntil = 2026-06-01T00:00:00Z'))
    assert ids(ask(client, some["text"])) == before
    serve(own, ("now", f'kind = "pin"\nproduct = "{before[-1]}"\nplace = 1\nfrom = 2026-06-01T00:00:00Z'))
    assert ids(ask(client, some["text"]))[0] == before[-1]


def test_category_holds_for_requests_that_ask_for_it(client, own, some):
    serve(own, ("none", 'kind = "only"\ncategory = "Kitchen"\nproducts = {ids = ["nobody"]}'))
    assert ask(client, some["text"])["results"]
    assert ask(client, some["text"], filters={"categories": ["Kitchen"]})["results"] == []


def test_a_synonym_changes_what_is_looked_up(client, own, some):
    word = some["text"].split()[-1]
    plain = ask(client, some["text"])
    serve(own, ("same", f'kind = "synonym"\nquery = {{contains = ["zzyzx"]}}\nreplace = "{word}"'))
    answer = ask(client, some["text"].rsplit(maxsplit=1)[0] + " zzyzx")
    assert answer["words"].split()[-1] == word
    assert ids(answer) == ids(plain)
    assert answer["rules"] == ["same"]


def test_a_synonym_never_makes_a_query_too_long(own):
    serve(own, ("long", f'kind = "synonym"\nquery = {{contains = ["a"]}}\nadd = "{"b" * 300}"'))
    text = "a " + "c" * 300
    plan = own.merchandising.plan(ShopperQuery(text=text))
    assert plan.query.text == text
    assert f"longer than {MAX_TEXT}" in plan.notes[0]


def test_what_is_said_counts_as_the_query(own, some):
    request = SearchRequest(query=ShopperQuery(audio=some["audio"]), k=60)
    heard = own.search(request)
    condition = f'query = {{contains = ["{heard.words.split()[0]}"]}}\n' if heard.words else ""
    serve(own, ("p", condition + f'kind = "pin"\nproduct = "{heard.results[-1].product_id}"\nplace = 1'))
    assert own.search(request).results[0].product_id == heard.results[-1].product_id


def test_explanations_name_the_rules(client, own, some):
    first, second = ids(ask(client, some["text"]))[:2]
    serve(
        own,
        ("about", f'kind = "bury"\nproducts = {{ids = ["{first}"]}}'),
        ("kept", f'kind = "only"\nproducts = {{ids = ["{first}"]}}'),
    )
    body = {"query": {"text": some["text"]}, "product_ids": [first, second]}
    answer = client.post("/v1/explain", json=body).json()
    assert {p["product_id"]: p["rules"] for p in answer["products"]} == {first: ["about"], second: ["kept"]}
    assert answer["rules_version"] == own.merchandising.rules.version[:12]


def test_a_changed_catalogue_is_selected_anew(own, some):
    serve(own, ("only", 'kind = "only"\nproducts = {brands = ["Newcomer"]}'))
    request = SearchRequest(query=ShopperQuery(text="zebra lamp"), k=60)
    assert own.search(request).results == []
    own.upsert([GivenProduct(product_id="n1", title="zebra lamp", brand="Newcomer")])
    assert [line.product_id for line in own.search(request).results] == ["n1"]


def test_diversity_is_less_alike_and_keeps_the_best(own, some):
    request = SearchRequest(query=ShopperQuery(text=some["text"]), k=60)
    plain = own.search(request).results
    own.merchandising.diversity, own.merchandising.depth = 0.7, 30
    answer = own.search(request)
    assert answer.results[0].product_id == plain[0].product_id
    assert [line.product_id for line in answer.results[30:]] == [line.product_id for line in plain[30:]]
    assert "diversity 0.7 moved places" in answer.notes[-1]

    def alike(lines):
        return likeness(alike_vectors(own.stock, own.stock.catalogue.rows([line.product_id for line in lines[:10]])))

    assert alike(answer.results) < alike(plain)
    assert {line.product_id: line.score for line in answer.results} == {line.product_id: line.score for line in plain}


# --- files that change -----------------------------------------------------------------------------------------------------------


def test_a_changed_file_is_taken_up_and_a_broken_one_refused(tmp_path):
    file, held = tmp_path / "rules.toml", Merchandising()
    follower = RulesFollower(held, file)
    assert held.rules is None and held.problem is None
    file.write_bytes(toml(("a", 'kind = "hide"\nproducts = {ids = ["p"]}')))
    follower.look()
    first = held.rules
    assert [rule.name for rule in first.rules] == ["a"]
    broken = tmp_path / "broken"
    broken.write_bytes(toml(("a", 'kind = "hide"')))
    broken.replace(file)
    follower.look()
    assert held.rules is first
    assert "refused" in held.problem
    file.unlink()
    follower.look()
    assert held.rules is None and held.problem is None


def test_a_worker_starts_without_broken_rules_and_says_so(own, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text("[[rules")
    RulesFollower(own.merchandising, file)
    health = Deployment(Lineup(own), merchandising=own.merchandising).health()
    assert health.status == "degraded"
    assert "rules refused" in health.problems[0]


def test_releases_and_refusals_stand_in_the_log(tmp_path):
    file, held = tmp_path / "mine.toml", Merchandising()
    follower = RulesFollower(held, rules_file(tmp_path, "shop"))
    file.write_bytes(toml(("a", 'kind = "hide"\nproducts = {ids = ["p"]}')))
    first = release_rules(tmp_path, "shop", file, "because")
    follower.look()
    assert held.rules.version == first.version
    file.write_bytes(b"rules = 3")
    with pytest.raises(InputError, match="rules"):
        release_rules(tmp_path, "shop", file, "because")
    file.write_bytes(b'{"rules": []}')
    release_rules(tmp_path, "shop", file, "no more")
    follower.look()
    assert held.rules.rules == ()
    lines = [json.loads(line) for line in rules_file(tmp_path, "shop").with_suffix(".jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["promote", "refuse", "promote"]
    assert lines[2]["from"] == first.version
    with pytest.raises(InputError, match="without a reason"):
        release_rules(tmp_path, "shop", file, " ")


def test_rank_of_repeated_requests_is_the_same(own, some):
    serve(own, ("up", 'kind = "boost"\nproducts = {max_price = 20}\nby = 3'))
    request = RankRequest(query=ShopperQuery(text=some["text"]), candidates=list(own.stock.catalogue.product_ids), k=60)
    first, again = own.rank(request), own.rank(request)
    assert [line.product_id for line in first.results] == [line.product_id for line in again.results]
    assert np.all([line.rank == place for place, line in enumerate(first.results, start=1)])
