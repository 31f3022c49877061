"""What of a table can drift: numbers and categories made from its columns; ids, hashes, free text and splits are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FREQUENT = 30  # categories kept by name; the rest is one category, else a long tail always looks new
OTHER, NONE = "(other)", "(none)"
HAN = "[一-鿿]"


def comparable(
    reference: Mapping[str, pd.DataFrame], current: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Columns that can be compared.

    Args:
        reference, current: tables of both sides by name: products, queries, answers; those that both have are compared.

    Returns:
        for each side table -> frame with float columns (numbers, NaN where missing) and str columns (categories), row by row as
        in the table. Categories that are rare on both sides together are one: a choice by one side would favour it.
    """
    made: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]] = ({}, {})
    for name, (numbers, categories) in MAKERS.items():
        if name in reference and name in current:
            sides = reference[name], current[name]
            named = _frequent_only(*(categories(side) for side in sides))
            for frames, side, of_side in zip(made, sides, named, strict=True):
                frames[name] = numbers(side).astype("float64").join(of_side)
    return made


def _product_numbers(products: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {
            "title_length": products["title"].fillna("").str.len(),
            "price_log": np.log1p(products["price"].astype(float).clip(lower=0)),
            "rating": products["rating"],
            "popularity_log": np.log1p(products["popularity"].astype(float).clip(lower=0)),
        }
    )


def _product_categories(products: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    has = {f"has_{column}": _has(products[column]) for column in ("image", "audio", "price", "rating", "popularity")}
    named = {column: products[column].fillna(NONE).replace("", NONE) for column in ("category", "brand", "locale")}
    return pd.DataFrame({"script": _script(products["title"]), **named, **has})


def _query_numbers(queries: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"text_length": queries["text"].fillna("").str.len()})


def _query_categories(queries: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    has = {f"has_{column}": _has(queries[column].replace("", None)) for column in ("text", "image", "audio", "user_id")}
    return pd.DataFrame({"script": _script(queries["text"]), "locale": queries["locale"].fillna(NONE).replace("", NONE), **has})


def _answer_numbers(answers: pd.DataFrame) -> pd.DataFrame:
    return answers[["best_score", "mean_score", "spread", "candidates"]]


def _answer_categories(answers: pd.DataFrame) -> pd.DataFrame:
    return answers[["degraded"]]


def _has(column: pd.Series) -> pd.Series:
    return column.notna().map({True: "yes", False: "no"})


def _script(text: pd.Series) -> pd.Series:
    """``"han"``, ``"latin"``, ``"both"`` or ``"(none)"`` by the letters in each text."""
    text = text.fillna("")
    letters = text.str.contains("[A-Za-z]").map({True: "latin", False: ""}) + text.str.contains(HAN).map({True: "han", False: ""})
    return letters.replace({"latinhan": "both", "": NONE})


def _frequent_only(*sides: pd.DataFrame) -> list[pd.DataFrame]:
    import pandas as pd

    made = [side.copy() for side in sides]
    for column in made[0]:
        frequent = pd.concat([side[column] for side in sides]).value_counts().index[:FREQUENT]
        for side in made:
            side[column] = side[column].where(side[column].isin(frequent), OTHER).astype(str)
    return made


MAKERS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "products": (_product_numbers, _product_categories),
    "queries": (_query_numbers, _query_categories),
    "answers": (_answer_numbers, _answer_categories),
}
