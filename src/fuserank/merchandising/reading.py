"""From a file to rules: TOML or JSON, checked as a whole. What is wrong is told by rule, key and line."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fuserank.errors import InputError
from fuserank.merchandising.compiled import Compiled
from fuserank.merchandising.rules import Pin, RuleFile

MAX_BYTES = 8 * 2**20
_HEADER = re.compile(r"^[ \t]*\[\[\s*rules\s*\]\]", re.MULTILINE)
_NEXT = "correct the file, then: fuserank rules check FILE"


def read_rules(file: Path) -> Compiled:
    """Read, check and compile; what begins with a brace is JSON, all else TOML.

    Raises:
        InputError: there is no such file, it is larger than 8 MiB, no TOML or JSON, or a rule is not as it must be.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"rules {file.name[:80]}: {error.strerror}", todo="name a file of rules") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"rules {file.name[:80]}: more than {MAX_BYTES} bytes", allowed="8 MiB", todo="split the rules")
    return parse_rules(data, file.name)


def parse_rules(data: bytes, name: str = "rules") -> Compiled:
    """Rules out of bytes; the version is their sha256. Raises like `read_rules`."""
    name, as_json = name[:80], False
    try:
        text = data.decode()
        as_json = text.lstrip().startswith("{")
        said = json.loads(text) if as_json else tomllib.loads(text)
    except RecursionError:
        raise InputError(f"rules {name}: nested too deeply", allowed="a list of rules", todo=_NEXT) from None
    except ValueError as error:  # of decoding, of TOML and of JSON; each says where
        raise InputError(f"rules {name}: {str(error)[:200]}", allowed="JSON" if as_json else "TOML", todo=_NEXT) from None
    try:
        # JSON mode of pydantic would refuse TOML's dates; python mode reads both.
        rules = RuleFile.model_validate(said)
    except ValidationError as error:
        raise _refused(error, said, name, "" if as_json else text) from None
    _refuse_conflicts(rules, name, "" if as_json else text)
    return Compiled(rules.rules, hashlib.sha256(data).hexdigest())


def _refused(error: ValidationError, said: Any, name: str, text: str) -> InputError:
    first = error.errors(include_url=False)[0]
    loc = [part for part in first["loc"][1:] if part not in KINDS] if first["loc"][:1] == ("rules",) else list(first["loc"])
    where = ""
    if first["loc"][:1] == ("rules",) and loc and isinstance(loc[0], int):
        rule = said["rules"][loc[0]]
        called = rule.get("name") if isinstance(rule, dict) else None
        where, loc = _called(loc[0], called, text), loc[1:]
    key = ".".join(map(str, loc))
    parts = [f"rules {name}", where, f"key {key}" if key else "", str(first["msg"])]
    came = ": ".join(part for part in parts if part) + f" (got {str(first.get('input'))[:80]!r})"
    return InputError(came, allowed="the keys of docs/merchandising.md", todo=_NEXT)


KINDS = ("pin", "boost", "bury", "hide", "only", "synonym")


def _called(number: int, name: Any, text: str) -> str:
    """A rule for a reader: its number from 1, its name, and the line of its header."""
    lines = [text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(text)]
    line = f" (line {lines[number]})" if number < len(lines) else ""
    return f"rule {number + 1} {str(name)[:80]!r}{line}"


def _refuse_conflicts(found: RuleFile, name: str, text: str) -> None:
    """A name twice, and two pins for one place under the same conditions at the same time."""
    seen: dict[str, int] = {}
    pins: dict[tuple[object, ...], list[int]] = {}
    for number, rule in enumerate(found.rules):
        if rule.name in seen:
            first = _called(seen[rule.name], rule.name, text)
            raise InputError(
                f"rules {name}: {_called(number, rule.name, text)}: the name of {first}", allowed="each name once", todo=_NEXT
            )
        seen[rule.name] = number
        if isinstance(rule, Pin):
            pins.setdefault((rule.query, rule.locale, rule.category, rule.place), []).append(number)
    for (*_, place), numbers in pins.items():
        for one, other in itertools.combinations(numbers, 2):
            a, b = found.rules[one], found.rules[other]
            if a.span[0] < b.span[1] and b.span[0] < a.span[1]:
                raise InputError(
                    f"rules {name}: {_called(other, b.name, text)}: key place: {place} is taken by {_called(one, a.name, text)}",
                    allowed="one pin for a place, a query and a time",
                    todo=_NEXT,
                )
