"""The log of a registry: one decision a line, and the champion that follows from them.

    {"time", "kind", "from", "to", "who", "reason", "evidence"}

A promotion or a rollback changes the champion; a refusal of the gate and a pruning stand in the log, and change nothing of it.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fuserank.errors import InputError, ModelFolderError
from fuserank.files import write_file

Kind = Literal["promote", "rollback", "refuse", "prune"]


class Transition(BaseModel):
    """One decision on a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: datetime
    kind: Kind
    from_version: str | None = Field(alias="from", description="the champion when it was decided; None: nobody reigned")
    to: str = Field(description="the model that it is about: the new champion, the one that was refused or removed")
    who: str = Field(min_length=1, description="user@host, and the run of a flow if it decided")
    reason: str = Field(min_length=1)
    evidence: dict[str, Any] = Field(default_factory=dict)

    @property
    def enthrones(self) -> bool:
        """Whether it changed the champion."""
        return self.kind in ("promote", "rollback")

    def touches(self, version: str) -> bool:
        """Whether it is about a version, or took the throne from it."""
        return version == self.to or (self.enthrones and version == self.from_version)


def champion_of(transitions: Iterable[Transition]) -> str | None:
    """Who reigns after these decisions, oldest first; None before the first promotion."""
    return next((t.to for t in reversed([*transitions]) if t.enthrones), None)


def reigns_of(transitions: Iterable[Transition]) -> list[str]:
    """Champions as a stack, the reigning one last: a promotion puts one on top, a rollback takes the top away."""
    stack: list[str] = []
    for transition in transitions:
        if transition.kind == "promote":
            stack.append(transition.to)
        elif transition.kind == "rollback":
            del stack[-1:]
    return stack


def operator() -> str:
    """user@host of this process; a user without a name is called by its number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # neither a variable nor an account says it, as in many containers
        user = f"uid{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def read_transitions(file: Path) -> list[Transition]:
    """All decisions, oldest first; [] without a file.

    Raises:
        ModelFolderError: the log cannot be read.
    """
    try:
        # Not `splitlines`: a reason may hold U+2028 and its like, which JSON leaves as they are.
        lines = file.read_bytes().decode().split("\n")
        return [Transition.model_validate_json(line) for line in lines if line]
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, ValidationError) as error:
        why = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ModelFolderError(
            f"{file} cannot be read: {why}", allowed="one transition a line", todo="restore the file from a backup"
        ) from None


def append_transition(
    file: Path, kind: Kind, version: str, *, reason: str, evidence: Mapping[str, Any], who: str | None
) -> Transition:
    """Add a decision by writing the whole file anew: it stays small, and no line is ever torn. The caller holds the lock.

    Args:
        who: decided beside the user of this process, who stands there anyway: the run of a flow, say.

    Raises:
        InputError: no reason is given.
        ModelFolderError: the log cannot be read.
    """
    if not reason.strip():
        raise InputError(f"{kind} without a reason", allowed="why, in words", todo="say why: it stands in the log")
    line = Transition.model_validate(
        {
            "time": datetime.now(UTC),
            "kind": kind,
            "from": champion_of(read_transitions(file)),
            "to": version,
            "who": _as_text(f"{operator()}, {who}" if who else operator()),
            "reason": _as_text(reason),
            "evidence": json.loads(json.dumps(evidence)),
        }
    )
    before = file.read_bytes() if file.exists() else b""
    write_file(file, before + f"{line.model_dump_json(by_alias=True)}\n".encode())
    return line


def _as_text(words: str) -> str:
    """What a file can hold: bytes of the command line that are no UTF-8 come in as lone surrogates."""
    return words.encode(errors="replace").decode()
