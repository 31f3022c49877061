"""Models under one folder, and the decisions on them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from fuserank.errors import InputError
from fuserank.files import discard, new_folder, sha256_file, sweep
from fuserank.model_folder import CARD, META, WEIGHTS, load_model, read_meta
from fuserank.model_registry.transitions import Transition, append_transition, champion_of, read_transitions, reigns_of
from fuserank.sealed import SEAL

VERSION = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{12}")


class Registry:
    """Models under one folder. Safe with several writers; readers need no lock.

    Args:
        root: the registry's folder; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._models, self._log = root / "models", root / "transitions.jsonl"
        self._lock = FileLock(root / ".lock", timeout=60)

    def lock(self) -> FileLock:
        """What a writer holds; whoever holds it may call the methods of this object, which take it again."""
        self.root.mkdir(parents=True, exist_ok=True)
        return self._lock

    def register(self, model_folder: Path) -> str:
        """Copy a model folder in, as a new immutable version.

        Returns:
            its version; of a model that is already here, the version it has.

        Raises:
            ModelFolderError: the folder is incomplete, altered, or does not load.
        """
        load_model(model_folder)
        digest = sha256_file(model_folder / SEAL)[:12]
        with self.lock():
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
        if version not in (versions := self.versions()):
            raise self._unknown(version, versions)
        return self._models / version

    def find(self, text: str) -> str:
        """The version that is meant; see `matching`.

        Raises:
            InputError: no version is meant, or several.
        """
        versions = self.versions()
        found = matching(versions, text)
        if len(found) > 1:
            raise InputError(f"{text!r} may be {len(found)} models", allowed=", ".join(found[-5:]), todo="say more of it")
        if not found:
            raise self._unknown(text, versions)
        return found[0]

    def champion(self) -> str | None:
        """Version in service, None before the first promotion."""
        return champion_of(self.transitions())

    def reigns(self) -> list[str]:
        """Champions that a rollback can go through, the reigning one last."""
        return reigns_of(self.transitions())

    def transitions(self) -> list[Transition]:
        """All decisions, oldest first.

        Raises:
            ModelFolderError: the log cannot be read.
        """
        return read_transitions(self._log)

    def promote(self, version: str, reason: str, evidence: Mapping[str, Any], who: str | None = None) -> bool:
        """Make a version the champion; nothing happens when it is already.

        Args:
            version: a registered one.
            reason: in words.
            evidence: JSON values, such as the gate's decision.
            who: decided beside the user of this process, such as the run of a flow.

        Returns:
            whether it was not champion before.

        Raises:
            InputError: no such version, or no reason.
            ModelFolderError: the version's folder is damaged.
        """
        with self.lock():
            read_meta(self.path(version))
            if changes := version != self.champion():
                append_transition(self._log, "promote", version, reason=reason, evidence=evidence, who=who)
            return changes

    def refuse(self, version: str, reason: str, evidence: Mapping[str, Any], who: str | None = None) -> None:
        """Note that a version was not promoted, and why; arguments as of `promote`.

        Raises:
            InputError: no such version, or no reason.
        """
        with self.lock():
            self.path(version)
            append_transition(self._log, "refuse", version, reason=reason, evidence=evidence, who=who)

    def rollback(self, reason: str, who: str | None = None) -> str:
        """Give the service back to the champion before this one; again goes further back.

        Returns:
            the version now in service.

        Raises:
            InputError: there is no earlier champion, it was pruned, or no reason is given.
            ModelFolderError: its folder is damaged.
        """
        with self.lock():
            stack = self.reigns()
            if len(stack) < 2:
                raise InputError(
                    f"{len(stack)} champion(s) so far in {self.root}",
                    allowed="a registry with an earlier champion",
                    todo="promote a model instead",
                )
            read_meta(self.path(stack[-2]))
            append_transition(self._log, "rollback", stack[-2], reason=reason, evidence={}, who=who)
            return stack[-2]

    def remove(
        self, version: str, reason: str, evidence: Mapping[str, Any], *, also: Sequence[Path] = (), who: str | None = None
    ) -> None:
        """Take a version out for good. The log says so first: a crash may leave in place what it names, never hide what is gone.

        Args:
            also: what was made of the model, removed before it.
            version, reason, evidence, who: as of `promote`.

        Raises:
            InputError: no such version, it is the champion, or no reason is given.
        """
        with self.lock():
            path = self.path(version)
            if version == self.champion():
                raise InputError(f"{version} is champion", allowed="a version that does not reign", todo="promote another first")
            append_transition(self._log, "prune", version, reason=reason, evidence=evidence, who=who)
            for gone in (*also, path):
                discard(gone)

    def sweep(self) -> None:
        """Delete what a removal that was interrupted has left."""
        with self.lock():
            sweep(self._models)

    def _unknown(self, text: str, versions: Sequence[str]) -> InputError:
        pruned = matching((t.to for t in self.transitions() if t.kind == "prune"), text)
        return InputError(
            f"no model {text!r} in {self.root}{': it was pruned' if pruned else ''}",
            allowed=", ".join(versions[-5:]) or "none yet",
            todo="name another, or register the model first",
        )


def matching(versions: Iterable[str], text: str) -> list[str]:
    """Those versions that `text` is, or else those that begin or end with it, or whose hash begins with it; each once.

    Of ranker@hash, as an answer of a service names its model, the hash counts.
    """
    known, part = list(dict.fromkeys(versions)), text.rpartition("@")[2]
    if part in known:
        return [part]
    return [v for v in known if part and (v.startswith(part) or v.endswith(part) or v.partition("-")[2].startswith(part))]
