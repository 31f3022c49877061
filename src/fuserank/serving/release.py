"""The release: which packages answer, in a small file that is replaced atomically. A running service follows it.

    {"champion": "<package>", "challenger": {"package": "<package>", "mode": "shadow", "share": 0.1}}

Packages are names of folders beside the file, never paths.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fuserank.errors import InputError
from fuserank.files import write_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,199}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _plain(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("not the name of a folder beside the release")
    return name


class Challenger(_Part):
    """A second model on live traffic.

    Attributes:
        mode: ``shadow`` scores and is logged, never shown; ``canary`` answers; ``interleave`` shares answers with the champion
            by team draft.
        share: 0..1 of the shoppers (each always the same way) or, without a shopper, of the requests.
    """

    package: str
    mode: Literal["shadow", "canary", "interleave"]
    share: float = Field(ge=0, le=1, allow_inf_nan=False)

    _package_is_plain = field_validator("package")(_plain)


class Release(_Part):
    """Who answers."""

    champion: str
    challenger: Challenger | None = None

    _champion_is_plain = field_validator("champion")(_plain)


def read_release(file: Path) -> Release:
    """Read a release.

    Raises:
        InputError: there is none, or it says something else than a release.
    """
    try:
        return Release.model_validate_json(file.read_bytes())
    except OSError:
        raise InputError(f"no release {file.name}", todo="package a champion first: python -m flows.chain DATA") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InputError(
            f"release {file.name}: {where}: {first['msg']}",
            allowed='{"champion": NAME, "challenger": null or {"package": NAME, "mode": "shadow", "share": 0.1}}',
            todo="write it with fuserank release",
        ) from None


def write_release(file: Path, release: Release) -> None:
    """Write a release durably and atomically; a service that follows the file takes it up within seconds."""
    write_file(file, release.model_dump_json() + "\n")
