"""Words of the command line that go to an importer as keywords."""

from __future__ import annotations

from fuserank.errors import InputError


def importer_options(arguments: list[str]) -> dict[str, str]:
    """``--key value`` and ``--key=value`` as keywords; the importer's own types convert them.

    Raises:
        InputError: a word that belongs to no option, or an option without a value.
    """
    if arguments and not arguments[0].startswith("--"):
        raise InputError(f"unexpected argument {arguments[0]!r}", allowed="--key value", todo="remove it or name its option")
    words = [part for argument in arguments for part in (argument.split("=", 1) if argument.startswith("--") else [argument])]
    if len(words) % 2 or any(not key.startswith("--") for key in words[::2]):
        raise InputError(f"options {' '.join(arguments)!r}", allowed="--key value", todo="give each option a value")
    return {k[2:].replace("-", "_"): v for k, v in zip(words[::2], words[1::2], strict=True)}


def column_map(texts: list[str]) -> dict[str, str]:
    """``ours=theirs`` of each text: ours -> theirs.

    Raises:
        InputError: a text without ``=``, or a column of ours that is named twice.
    """
    columns: dict[str, str] = {}
    for text in texts:
        ours, equals, theirs = text.partition("=")
        if not equals:
            raise InputError(f"--map {text!r}", allowed="our_column=your_column", todo="write for example --map title=product_name")
        if columns.setdefault(ours, theirs) != theirs:
            raise InputError(
                f"--map {ours}={columns[ours]} and --map {text}", allowed="one of your columns for each of ours", todo="drop one"
            )
    return columns
