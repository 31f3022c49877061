from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fuserank.pipeline.evaluate import choose
from fuserank.pipeline.train import Plan, TrainedModel


def model(name, seed, *curve, kind="fusion"):
    return TrainedModel(Plan(name, kind, "sum+sequence", ("text",), seed), Path(f"{name}-{seed}"), max(curve), curve)


def test_the_best_mean_over_seeds_and_of_it_the_best_seed():
    lucky = [model("lucky", 0, 0.9), model("lucky", 1, 0.1)]
    steady = [model("steady", 0, 0.2, 0.6, 0.3), model("steady", 1, 0.7)]
    assert choose([*lucky, *steady]).folder == Path("steady-1")


def test_the_default_gives_way_only_to_what_is_clearly_better():
    default = [model("late", 0, 0.50), model("late", 1, 0.54)]
    near = [model("sum", 0, 0.53), model("sum", 1, 0.55)]
    far = [model("concat", 0, 0.60), model("concat", 1, 0.62)]
    assert choose([*default, *near], "late").folder == Path("late-1")
    assert choose([*default, *near], "sum").plan.name == choose([*default, *near]).plan.name == "sum"
    assert choose([*default, *near, *far], "late").plan.name == "concat"
    assert choose([default[0], near[0]], "late").plan.name == "sum"  # one seed says nothing of its error
    assert choose(near, "late").plan.name == "sum"


def test_a_family_alone_is_no_challenger():
    assert choose([model("picture only", 0, 1.0, kind="single"), model("sum", 0, 0.1)]).plan.name == "sum"


@given(
    st.permutations(
        [model(name, seed, value) for name, seed, value in (("a", 0, 0.5), ("b", 0, 0.5), ("a", 1, 0.4), ("b", 1, 0.4))]
    )
)
def test_the_order_of_the_models_does_not_matter(models):
    assert choose(models).folder == Path("a-0")
