"""The exception tree.

    FuserankError
    ├── InputError              something from outside is not as it must be
    │   ├── SchemaError         a table: missing column, wrong type, duplicate id, dangling join, grade out of range
    │   ├── MediaError          a picture or a sound; carries a reason code
    │   ├── SettingsError       a setting: unknown key, wrong value
    │   ├── UnknownNameError    a name that no table of plugins holds
    │   ├── RequestError        a ranking request
    │   └── AccessError         a token that a service does not take
    ├── ValidationError         a critical expectation failed; carries the rule and the offending ids
    ├── UnavailableError        a service that is not there, or cannot answer now; carries when to come back
    ├── StaleFeatureError       stored features were made by another encoder than the one asked for
    └── ModelFolderError        a model folder is incomplete, altered or made by an incompatible version

Every message says what came, what is allowed and what to do next.
"""

from __future__ import annotations

from typing import Any


class FuserankError(Exception):
    """Base of all errors raised by fuserank.

    Args:
        came: what was found, in words.
        allowed: what would have been accepted.
        todo: what the reader can do next.
    """

    exit_code = 1

    def __init__(self, came: str, *, allowed: str = "", todo: str = "") -> None:
        self.came, self.allowed, self.todo = came, allowed, todo
        parts = [came, f"allowed: {allowed}" if allowed else "", f"next: {todo}" if todo else ""]
        super().__init__("; ".join(part for part in parts if part))

    def __reduce__(self) -> tuple[Any, ...]:
        """From another process it comes back as it was raised."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[FuserankError], said: tuple[str], state: dict[str, Any]) -> FuserankError:
    error = kind.__new__(kind)
    error.args = said
    error.__dict__.update(state)
    return error


class InputError(FuserankError, ValueError):
    """Something from outside is not as it must be."""

    exit_code = 2


class SchemaError(InputError):
    """A table does not follow its schema."""


class TooFewError(InputError):
    """There is too little of something to say anything about it."""


class MediaError(InputError):
    """A picture or a sound cannot be used.

    Args:
        reason: a code out of `fuserank.types.QUARANTINE_REASONS`.
    """

    def __init__(self, reason: str, came: str, *, allowed: str = "", todo: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {came}", allowed=allowed, todo=todo)


class SettingsError(InputError):
    """A setting has an unknown name or a value out of range."""


class UnknownNameError(InputError):
    """A name is not in the table of plugins it was looked up in."""


class RequestError(InputError):
    """A ranking request cannot be answered as it stands."""


class AccessError(InputError):
    """A service does not let this caller in."""


class UnavailableError(FuserankError):
    """A service is not there, or cannot answer now.

    Args:
        retry_after: seconds after which it may be asked again, as it says; None: it does not say.
    """

    def __init__(self, came: str, *, allowed: str = "", todo: str = "", retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(came, allowed=allowed, todo=todo)


class ValidationError(FuserankError):
    """A critical expectation failed, so the chain stops.

    Args:
        rule: the expectation, in words.
        ids: offending ids (at most the first few are shown in the message).
    """

    exit_code = 3

    def __init__(self, rule: str, ids: list[str], *, todo: str = "") -> None:
        self.rule, self.ids = rule, ids
        shown = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
        super().__init__(f"{rule}: {shown or 'whole table'}", todo=todo)


class StaleFeatureError(FuserankError):
    """Stored features or a model were made by another encoder than the one installed."""

    exit_code = 4


class ModelFolderError(FuserankError):
    """A model folder is incomplete, altered, or of an unknown format."""

    exit_code = 5
