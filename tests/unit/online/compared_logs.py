"""Logs for the tests of comparing: written by an `InferenceLog`, read back whole."""

from fuserank.inference_log import InferenceLog
from fuserank.online_evaluation import compare_log
from tests.unit.logged_records import TIME, event, ranking

A, B = "late@aaaaaaaaaaaa", "late+concat+sequence@bbbbbbbbbbbb"  # a ranker's name may hold a +
TEN = [f"p{place}" for place in range(1, 11)]


def answer(request_id, role="champion", products=TEN, **changes):
    version = {"champion": A, "challenger": B, "shadow": B, "interleaved": f"{A}+{B}"}[role]
    given = {"role": role, "model_version": version, "product_ids": products, "scores": [0.5] * len(products)}
    return ranking(request_id, **(given | changes))


def act(request_id, product, action="click", **changes):
    return event(request_id, product_id=product, action_name=action, **changes)


def mixed(request_id, teams, acts=(), **changes):
    """An interleaved answer of p1, p2 … with a letter for each product's team (a champion, b challenger), and clicks."""
    names = {"a": "champion", "b": "challenger"}
    shown = answer(request_id, "interleaved", TEN[: len(teams)], teams=[names[team] for team in teams], **changes)
    return [shown, *(act(request_id, *(one if isinstance(one, tuple) else (one,))) for one in acts)]


def write(folder, *records, rows=1000, share=1.0):
    with InferenceLog(folder, rows=rows, share=share) as log:
        for record in records:
            log.put(record)
    assert log.lost == log.dropped == 0


def compared(folder, *records, rows=1000, share=1.0, **asked):
    write(folder, *records, rows=rows, share=share)
    return compare_log(folder, **asked)


__all__ = ["TEN", "TIME", "A", "B", "act", "answer", "compared", "mixed", "write"]
