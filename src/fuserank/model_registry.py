"""The registry: immutable models, one champion, and a log of every change of champion.

    models/<version>/      copies of model folders, never changed; version = UTC time + content hash, so names sort by age
    transitions.jsonl      {"time", "kind", "from", "to", "reason", "evidence"} a line, oldest first
    .lock                  held while something is written

The champion is the `to` of the last transition, so pointer and log cannot disagree: the file is replaced atomically, and a reader
sees the state before or after a change, never between.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fuserank.errors import InputError, ModelFolderError
from fuserank.files import new_folder, sha256_file, write_file
from fuserank.model_folder import CARD, META, WEIGHTS, load_model, read_meta
from fuserank.sealed import SEAL

VERSION = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{12}")


class Transition(BaseModel):
    """One change of champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: datetime
    kind: Literal["promote", "rollback"]
    from_version: str | None = Field(alias="from")
    to: str
    reason: str
    evidence: dict[str, Any] = Field(default_factory=dict)


class Registry:
    """Models under one folder. Safe with several writers; readers need no lock.

    Args:
        root: the registry's folder; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._models, self._log = root / "models", root / "transitions.jsonl"

    def register(self, model_folder: Path) -> str:
        """Copy a model folder in, as a new immutable version.

        Returns:
            its version; of a model that is already here, the version it has.

        Raises:
            ModelFolderError: the folder is incomplete, altered, or does not load.
        """
        load_model(model_folder)
        digest = sha256_file(model_folder / SEAL)[:12]
        with self._lock():
            known = [version for version in self.versions() if version.endswith(digest)]
            if known:
                return known[0]
            version = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{digest}"
            with new_folder(self._models / version) as work:
                for name in (WEIGHTS, META, CARD, SEAL):
                    shutil.copyfile(model_folder / name, work / name)
                    (work / name).chmod(0o444)
                read_meta(work)
        return version

    def versions(self) -> list[str]:
        """All versions, oldest first."""
        if not self._models.is_dir():
            return []
        return sorted(path.name for path in self._models.iterdir() if VERSION.fullmatch(path.name))

    def path(self, version: str) -> Path:
        """Model folder of a version.

        Raises:
            InputError: no such version.
        """
        versions = self.versions()
        if version not in versions:
            raise InputError(
                f"no model {version!r} in {self.root}",
                allowed=", ".join(versions[-5:]) or "none yet",
                todo="register the model first",
            )
        return self._models / version

    def champion(self) -> str | None:
        """Version in service, None before the first promotion."""
        transitions = self.transitions()
        return transitions[-1].to if transitions else None

    def promote(self, version: str, reason: str, evidence: Mapping[str, Any]) -> None:
        """Make a version the champion; nothing happens when it is already.

        Args:
            version: a registered one.
            reason: in words.
            evidence: JSON values, such as the gate's decision.

        Raises:
            InputError: no such version.
            ModelFolderError: the version's folder is damaged.
        """
        with self._lock():
            read_meta(self.path(version))
            if version != self.champion():
                self._append("promote", version, reason, evidence)

    def rollback(self, reason: str) -> str:
        """Give the service back to the champion before this one; again goes further back.

        Returns:
            the version now in service.

        Raises:
            InputError: there is no earlier champion.
            ModelFolderError: its folder is damaged.
        """
        with self._lock():
            stack = self._reigns()
            if len(stack) < 2:
                raise InputError(
                    f"{len(stack)} champion(s) so far in {self.root}",
                    allowed="a registry with an earlier champion",
                    todo="promote a model instead",
                )
            read_meta(self.path(stack[-2]))
            self._append("rollback", stack[-2], reason, {})
            return stack[-2]

    def transitions(self) -> list[Transition]:
        """All changes of champion, oldest first.

        Raises:
            ModelFolderError: the log cannot be read.
        """
        if not self._log.is_file():
            return []
        try:
            return [Transition.model_validate_json(line) for line in self._log.read_text().splitlines()]
        except ValidationError as error:
            raise ModelFolderError(
                f"{self._log} cannot be read: {error.errors(include_url=False)[0]['msg']}",
                allowed="one transition a line",
                todo="restore the file from a backup",
            ) from None

    def _reigns(self) -> list[str]:
        """Champions as a stack: a promotion puts one on top, a rollback takes the top away."""
        stack: list[str] = []
        for transition in self.transitions():
            if transition.kind == "promote":
                stack.append(transition.to)
            else:
                stack.pop()
        return stack

    def _append(self, kind: Literal["promote", "rollback"], version: str, reason: str, evidence: Mapping[str, Any]) -> None:
        """Add a line by writing the whole file anew: it stays small, and no line is ever torn."""
        line = Transition(
            **{
                "time": datetime.now(UTC),
                "kind": kind,
                "from": self.champion(),
                "to": version,
                "reason": reason,
                "evidence": json.loads(json.dumps(evidence)),
            }
        )
        before = self._log.read_text() if self._log.is_file() else ""
        write_file(self._log, f"{before}{line.model_dump_json(by_alias=True)}\n")

    def _lock(self) -> FileLock:
        self.root.mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / ".lock", timeout=60)
