"""Who answers: champion and challenger, alone, in the shadow, on some of the shoppers, or both in one list."""

import threading
import time
from dataclasses import replace

import pytest

from fuserank.errors import RequestError
from fuserank.inference_log import InferenceLog, read_log
from fuserank.messages import FeedbackRequest, RankRequest, SearchRequest, ShopperQuery
from fuserank.online_evaluation import compare_log
from fuserank.serving import Deployment, Lineup, RankingService, open_package
from fuserank.serving.deployment import WAITING_SHADOWS
from tests.served_shops import SampleStore, open_shop


@pytest.fixture(scope="module")
def second(shop, service, tmp_path_factory):
    """A challenger: other weights over the same shop."""
    other = open_shop(SampleStore(shop.dataset, shop.features, {}), tmp_path_factory.mktemp("second"), seed=1)
    return RankingService(open_package(other.package), service.modalities)


class Log:
    """Remembers what it was told, and lets a test wait until it has been told so often."""

    def __init__(self):
        self.told, self._changed = [], threading.Condition()

    def __call__(self, route, role, request, answered):
        with self._changed:
            self.told.append((route, role, request, answered))
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= count, 60), self.told
        return self.told


@pytest.fixture
def log():
    return Log()


def asked(shop, text="red bag", **more):
    more.setdefault("k", 10)
    return RankRequest(query=ShopperQuery(text=text), candidates=shop.features.catalogue.product_ids, **more)


def ids(response):
    return [line.product_id for line in response.results]


def test_a_champion_alone_answers_all(shop, service, log):
    deployment = Deployment(Lineup(service), log)
    answer = deployment.rank(asked(shop), 0.0)
    assert (answer.role, answer.model_version) == ("champion", service.version)
    assert [(route, role) for route, role, *_ in log.told] == [("rank", "champion")]
    with pytest.raises(RequestError, match="no challenger"):
        deployment.rank(asked(shop, model="challenger"), 0.0)
    assert [model.role for model in deployment.health().models] == ["champion"]


def test_a_shadow_is_scored_and_logged_and_never_shown(shop, service, second, log):
    deployment = Deployment(Lineup(service, second, "shadow", 1.0), log)
    answer = deployment.search(SearchRequest(query=ShopperQuery(text="red bag")), 0.0)
    assert (answer.role, answer.model_version) == ("champion", service.version)
    told = {role: (route, answered.response) for route, role, _, answered in log.wait_for(2)}
    assert set(told) == {"champion", "shadow"}
    route, shadow = told["shadow"]
    assert (route, shadow.model_version, shadow.role) == ("search", second.version, "challenger")
    assert shadow.request_id == answer.request_id, "so that the two can be compared"
    assert ids(shadow) != ids(answer)


def test_a_shadow_has_as_much_time_as_the_champion_had(shop, service, second, log, monkeypatch):
    deployment, ranked = Deployment(Lineup(service, second, "shadow", 1.0), log), service.ranked
    monkeypatch.setattr(service, "ranked", lambda *args: (ranked(*args), time.sleep(2.5))[0])
    second.rank(asked(shop))
    deployment.rank(asked(shop, deadline_ms=2000), time.perf_counter())
    answers = {role: answered.response for _, role, _, answered in log.wait_for(2)}
    assert answers["champion"].degraded == answers["shadow"].degraded == []
    assert answers["shadow"].took_ms < 2500


def test_a_shadow_that_fails_is_nobodys_trouble(shop, service, second, log, caplog, monkeypatch):
    deployment = Deployment(Lineup(service, second, "shadow", 1.0), log)
    monkeypatch.setattr(second, "ranked", lambda *_: 1 / 0)
    for _ in range(WAITING_SHADOWS + 3):
        assert deployment.rank(asked(shop), 0.0).role == "champion"
    monkeypatch.undo()
    until_free(deployment)
    deployment.rank(asked(shop), 0.0)
    assert "shadow" in {role for _, role, *_ in log.wait_for(WAITING_SHADOWS + 5)}, "its place was given back"
    assert "the shadow failed" in caplog.text


def until_free(deployment):
    """Behind all shadows that wait."""
    deployment._shadow.submit(lambda: None).result(60)


def test_shadows_that_cannot_follow_are_left_out(shop, service, second, log, monkeypatch):
    deployment, gate = Deployment(Lineup(service, second, "shadow", 1.0), log), threading.Event()
    ranked = second.ranked
    monkeypatch.setattr(second, "ranked", lambda *args: gate.wait(60) and ranked(*args))
    for _ in range(WAITING_SHADOWS + 5):
        deployment.rank(asked(shop), 0.0)
    gate.set()
    until_free(deployment)
    assert [role for _, role, *_ in log.told].count("shadow") == WAITING_SHADOWS


def roles(deployment, shop, requests):
    return [deployment.rank(request, 0.0).role for request in requests]


def test_a_canary_answers_the_same_shoppers_every_time(shop, service, second):
    deployment = Deployment(Lineup(service, second, "canary", 0.3))
    users = [
        RankRequest(query=ShopperQuery(text="bag", user_id=f"user {i}"), candidates=shop.features.catalogue.product_ids[:3])
        for i in range(60)
    ]
    first = roles(deployment, shop, users)
    assert roles(deployment, shop, users) == first
    assert 6 <= first.count("challenger") <= 30  # binomial (60, 0.3): 3.4 standard deviations


def test_a_canary_keeps_to_a_visit_and_a_shopper_counts_more(shop, service, second):
    deployment = Deployment(Lineup(service, second, "canary", 0.5))
    visits = [asked(shop, session_id=f"visit {i}", k=1) for i in range(12)]
    first = roles(deployment, shop, visits)
    assert roles(deployment, shop, visits) == first and set(first) == {"champion", "challenger"}
    known = [
        request.model_copy(update={"query": ShopperQuery(text="bag", user_id="one"), "session_id": f"visit {i}"})
        for i, request in enumerate(visits)
    ]
    assert len(set(roles(deployment, shop, known))) == 1


@pytest.mark.parametrize(("share", "role"), [(0.0, "champion"), (1.0, "challenger")])
def test_a_share_of_none_or_all(shop, service, second, share, role):
    deployment = Deployment(Lineup(service, second, "canary", share))
    assert set(roles(deployment, shop, [asked(shop, k=1)] * 5)) == {role}


def test_who_is_asked_for_by_name_answers_alone(shop, service, second, log):
    deployment = Deployment(Lineup(service, second, "interleave", 1.0), log)
    for role, one in (("champion", service), ("challenger", second)):
        answer = deployment.rank(asked(shop, model=role), 0.0)
        assert (answer.role, answer.model_version) == (role, one.version)
        assert ids(answer) == ids(one.rank(asked(shop)))


def test_an_interleaved_list_says_who_picked_each_product(shop, service, second, log):
    deployment = Deployment(Lineup(service, second, "interleave", 1.0), log)
    answer = deployment.rank(asked(shop), 0.0)
    _, role, _, answered = log.told[0]
    assert answer.role == role == "interleaved"
    assert answer.model_version == f"{service.version}+{second.version}"
    assert [line.rank for line in answer.results] == list(range(1, 11))
    assert len(set(ids(answer))) == 10
    alone = {"champion": service.rank(asked(shop)), "challenger": second.rank(asked(shop))}
    for line, team in zip(answer.results, answered.teams, strict=True):
        own = {other.product_id: other.score for other in alone[team].results}
        assert line.score == pytest.approx(own[line.product_id], abs=1e-5), "its score is its team's"
    assert set(answered.teams) == {"champion", "challenger"}


def test_only_an_interleaved_answer_has_teams(shop, service, second, log):
    Deployment(Lineup(service, second, "canary", 1.0), log).rank(asked(shop), 0.0)
    assert log.told[0][3].teams is None


def click(answer, product_id):
    acted = {
        "action_name": "click",
        "query_id": answer.request_id,
        "timestamp": "2026-01-31T12:00:00Z",
        "event_attributes": {"object": {"object_id": product_id}},
    }
    return FeedbackRequest.model_validate({"events": [acted]})


def test_what_was_served_is_compared_by_its_log(shop, service, second, tmp_path):
    """Every shopper wants what the challenger alone shows, and clicks it wherever it stands."""
    request = asked(shop, "blue shoes", k=5)
    ours, theirs = ids(service.rank(request)), ids(second.rank(request))
    wanted = next(product for product in theirs if product not in ours)
    clicked = []
    with InferenceLog(tmp_path) as kept:
        for mode, requests in (("interleave", 12), ("canary", 6), ("shadow", 6)):
            deployment = Deployment(Lineup(service, second, mode, 0.5 if mode == "canary" else 1.0), log=kept)
            for number in range(requests):
                answer = deployment.rank(request.model_copy(update={"session_id": f"{mode} {number}"}), 0.0)
                if wanted in ids(answer):
                    deployment.feedback(click(answer, wanted), 0.0)
                    clicked.append(answer.role)
                until_free(deployment)
                deployment.rank(request.model_copy(update={"model": "challenger"}), 0.0)
    found = compare_log(tmp_path)
    assert (found.champion, found.challenger) == (service.version, second.version)
    (clicks,) = found.interleaved.preferences
    assert (found.interleaved.requests, clicks.requests) == (12, clicked.count("interleaved"))
    assert clicks.requests > 0 and clicks.delta == 0.5 and clicks.shoppers_for == clicks.requests
    assert set(clicked) == {"interleaved", "challenger"} and found.events == {"used": len(clicked)}
    rates = found.canary.measures[0]
    assert (rates.champion, rates.challenger, rates.requests[1]) == (0, 1, clicked.count("challenger"))
    assert (found.shadow.requests, found.shadow.overlap) == (6, pytest.approx(len({*ours} & {*theirs}) / 5))
    assert found.shadow.same_first == (ours[0] == theirs[0]) and found.shadow.ndcg is None
    assert 1 <= found.canary.left_out["challenger: asked for by name"] < 6, "those between the first and the last one drawn"
    assert found.canary.changed_sides == 0 and found.canary.of_nobody == (0, 0)


def test_the_log_says_which_visit_it_was_and_who_was_asked_for_by_name(shop, service, second, tmp_path):
    with InferenceLog(tmp_path) as kept:
        deployment = Deployment(Lineup(service, second, "canary", 1.0), log=kept)
        for more in ({"model": "challenger"}, {"session_id": "a visit"}):
            deployment.rank(asked(shop, k=1, **more), 0.0)
    rows = read_log(tmp_path, "rankings", columns=["role", "by_name", "session_id"])[0].to_pylist()
    assert [(row["role"], row["by_name"], row["session_id"] is None) for row in rows] == [
        ("challenger", True, True),
        ("challenger", False, False),
    ]
    assert "visit" not in rows[1]["session_id"]


def test_a_change_of_lineup_leaves_requests_in_flight_alone(shop, service, second, monkeypatch):
    deployment, began, gate = Deployment(Lineup(service)), threading.Event(), threading.Event()
    ranked, answers = service.ranked, []

    def slow(*args):
        began.set()
        gate.wait(60)
        return ranked(*args)

    monkeypatch.setattr(service, "ranked", slow)
    thread = threading.Thread(target=lambda: answers.append(deployment.rank(asked(shop), 0.0)))
    thread.start()
    assert began.wait(60)
    deployment.lineup = replace(deployment.lineup, champion=second)
    assert deployment.rank(asked(shop), 0.0).model_version == second.version
    gate.set()
    thread.join()
    assert answers[0].model_version == service.version


def test_details_and_pictures_are_of_products_that_exist(shop, service):
    deployment = Deployment(Lineup(service))
    product = next(p for p in shop.dataset.products if p.image)
    assert deployment.details(product.product_id).title == product.title
    assert deployment.picture(product.product_id)[:2] == b"\x89P"
    for call in (deployment.details, deployment.picture):
        with pytest.raises(RequestError, match="no such product"):
            call("ghost")
