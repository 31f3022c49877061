import json

import pytest

from fuserank.data.agreement import agreement, read_grades, settle, write_grades
from fuserank.errors import InputError, SchemaError


def test_grades_of_people_become_one(tmp_path):
    (tmp_path / "a.csv").write_text("query_id,product_id,rater,grade\nq,p,ann,3\nq,p,bob,0\nq,p,cid,2\nq,r,ann,1\n")
    (tmp_path / "b.csv").write_text("query,docid,ann,bob\nq,s,1,2\n")
    grades = read_grades([tmp_path / "a.csv", tmp_path / "b.csv"], 3)
    assert settle(grades, "median") == {("q", "p"): 2, ("q", "r"): 1, ("q", "s"): 2}
    assert settle(grades, "mean") == {("q", "p"): 2, ("q", "r"): 1, ("q", "s"): 2}
    assert settle(grades, "majority") == {("q", "p"): 2, ("q", "r"): 1, ("q", "s"): 1}
    found = agreement(grades)
    assert (found.pairs, found.raters, found.kappa) == (3, 3, None)
    assert next(iter(found.distances)) == "bob"
    assert found.disputed[0] == ("q", "p", [0, 2, 3])
    write_grades(tmp_path / "out.csv", settle(grades, "median"))
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "q,p,2,human"
    json.dumps(found.__dict__)


def test_alpha_and_kappa_by_hand():
    """Two people, grades 0 and 1: alpha = 1 - (n - 1) * D_o / D_e of the coincidences; kappa of Fleiss."""
    pairs = [(0, 0), (1, 1), (0, 1), (1, 1)]
    found = agreement({("q", str(i)): {"a": a, "b": b} for i, (a, b) in enumerate(pairs)})
    assert found.alpha == pytest.approx(1 - 7 * 2 / (2 * 3 * 5))
    assert found.kappa == pytest.approx((0.75 - (9 + 25) / 64) / (1 - (9 + 25) / 64))


def test_nothing_to_agree_on_is_a_named_case():
    found = agreement({("q", "p"): {"a": 1}})
    assert (found.alpha, found.kappa, found.distances, found.disputed) == (None, None, {}, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("query_id,product_id,rater,grade\nq,p,ann,3\nq,p,ann,2\n", "line 3: 'ann' gave q / p another grade"),
        ("query_id,product_id,rater,grade\nq,p,ann,7\n", "line 2: grade '7'"),
        ("a,b\n1,2\n", "columns"),
        ("query_id,product_id,rater,grade\n", "no grade"),
    ],
)
def test_wrong_files_are_refused(tmp_path, text, said):
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_grades([tmp_path / "f.csv"], 3)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SchemaError, match="no file"):
        read_grades([tmp_path / "f.csv"], 3)
