"""What of a ranking is left out whatever its score: what is not wanted, and what says itself that it is something else."""

from __future__ import annotations

from fuserank.messages import ProductDetails
from fuserank.recipes.shopping_assistant.reasons import FIELDS
from fuserank.recipes.shopping_assistant.vocabulary import found, vocabulary
from fuserank.recipes.shopping_assistant.wish import Wish

ONE_OF_A_KIND = ("colour", "pattern", "material")  # a title that names one value denies the others; a thing may have many uses


def has_unwanted(row: ProductDetails, wish: Wish) -> bool:
    """The text of the product has a word that is not wanted."""
    words = [word for facet, value in wish.unwanted for word in vocabulary().words_of(facet, value)]
    return any(found(word, getattr(row, field)) for word in words for field in FIELDS)


def contradicts(row: ProductDetails, wish: Wish) -> bool:
    """The title names another value of a facet that is wanted, and none of those that are: a green bag for who wants blue.

    A title that names no value contradicts nothing: the colour may be in the picture.
    """
    for facet in ONE_OF_A_KIND:
        wanted = {value for other, value in wish.wanted if other == facet}
        if wanted:
            named = {value for value, words in vocabulary().facets[facet].items() if any(found(word, row.title) for word in words)}
            if named and not named & wanted:
                return True
    return False
