"""Reports as HTML pages: one self-contained file each, readable offline in light and dark, nothing fetched from anywhere.

Templates stand in `templates/` as NAME.jinja; every value is escaped, and plots come in as SVG text that is shown as an
image, so nothing in them can run.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import jinja2

DASH = "–"


def render(template: str, **context: Any) -> str:
    """Fill a template.

    Args:
        template: ``"validation.html"``, ``"leaderboard.html"``, ``"tuning.html"``, ``"explanation.html"``, ``"errors.html"``,
            ``"drift.html"``, ``"history.html"``, ``"comparison.html"``, ``"compared.html"`` or ``"recipe.html"``.
        context: the names that the template uses; a name that is not given is an error, not an empty place.

    Returns:
        A whole HTML document.

    Raises:
        jinja2.UndefinedError: the context lacks a name that the template uses.
        jinja2.TemplateNotFound: no such template.
    """
    return _environment().get_template(f"{template}.jinja").render(**context)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fuserank"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, svg_uri=svg_uri, best=best, share=share)
    return environment


def number(value: float | None, digits: int = 3) -> str:
    """A number for a reader: thousands grouped, a dash for None, NaN and infinity."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"


def svg_uri(svg: str) -> str:
    """An SVG document as a data address for an <img>: scripts in it never run and its ids cannot collide with another plot's."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def best(values: Iterable[float | None], *, lowest: bool = False) -> float | None:
    """The best of some values, None when none is a finite number."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    return min(finite) if lowest else max(finite)


def share(value: float | None, whole: float | None) -> int:
    """Percent that `value` is of `whole`, rounded, within 0..100; 0 where either is missing: the length of a bar."""
    if value is None or not whole or not math.isfinite(value):
        return 0
    return round(100 * min(max(value / whole, 0.0), 1.0))
