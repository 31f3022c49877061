"""Pages of the reference, made of the code: commands, addresses, modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from fuserank.cli import app
from fuserank.serving.http import create_app

# fmt: off
MODULES = (
    "client", "data.dataset", "data.importers", "data.exporters", "features", "modalities", "encoders", "fusion", "scorers",
    "losses", "ranker", "slates", "training", "metrics", "click_models", "counterfactual", "merchandising", "model_registry",
    "serving", "settings", "plugins", "types", "errors",
)
# fmt: on
MADE = "Made from the code when the site is built."


def python_api() -> str:
    """A heading a module; mkdocstrings writes what its docstrings say."""
    return "\n\n".join(["# Python", MADE, *(f"::: fuserank.{name}" for name in MODULES)]) + "\n"


def command_line() -> str:
    """Every command with its arguments and options."""
    parts = ["# Command line", f"`fuserank COMMAND --help` prints the same. {MADE}"]
    for names, command in _commands(get_command(app), ("fuserank",)):
        parts += [f"## {' '.join(names)}", (command.help or "").strip()]
        rows = [_row(*_option(p)) for p in command.params if not getattr(p, "hidden", False) and "--help" not in p.opts]
        parts += ["\n".join([_row("", "default", "meaning"), "|---|---|---|", *rows])] if rows else []
    return "\n\n".join(parts) + "\n"


def http() -> str:
    """Every address with the fields of what it takes and gives."""

    def nothing() -> Any:
        raise AssertionError("the schema needs no service")

    schema = create_app(nothing).openapi()
    parts = ["# HTTP", f"A running service has the whole schema at `/openapi.json`. {MADE}"]
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            if not path.startswith("/v1"):
                continue
            parts += [f"## {method.upper()} {path}", said.get("summary", "")]
            for words, body in (("Asked", said.get("requestBody")), ("Answered", said["responses"].get("200"))):
                whole = (body or {}).get("content", {}).get("application/json", {}).get("schema")
                rows = [_row(*field) for field in _fields(whole, schema, "")] if whole else []
                parts += [f"{words}:", "\n".join([_row("field", "type", "meaning"), "|---|---|---|", *rows])] if rows else []
    return "\n\n".join(parts) + "\n"


def _commands(command: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Names and commands below a group, in the order of its help."""
    if not hasattr(command, "commands"):
        yield names, command
        return
    for name, below in command.commands.items():
        yield from _commands(below, (*names, name))


def _option(parameter: Any) -> tuple[str, str, str]:
    names = [parameter.name.upper()] if parameter.param_type_name == "argument" else [*parameter.opts, *parameter.secondary_opts]
    value = parameter.default
    default = "required" if parameter.required else "" if callable(value) or value in (None, False, (), []) else f"`{value}`"
    return " ".join(f"`{name}`" for name in names), default, getattr(parameter, "help", None) or ""


def _fields(part: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """(path, type, meaning) of every field of an object, those of inner objects after it."""
    part = _resolved(part, schema)
    for name, field in part.get("properties", {}).items():
        inner, kind = _inner(field, schema)
        needed = ", required" if name in part.get("required", ()) else ""
        yield f"`{path}{name}`", kind + needed, field.get("description", "")
        for one in inner:
            yield from _fields(one, schema, f"{path}{name}{'[]' if kind.startswith('list') else ''}.")


def _inner(field: dict[str, Any], schema: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Objects within a field, and its type in words."""
    field = _resolved(field, schema)
    if choices := field.get("anyOf"):
        found = [_inner(choice, schema) for choice in choices]
        return [one for inner, _ in found for one in inner], " or ".join(dict.fromkeys(kind for _, kind in found))
    if "enum" in field or "const" in field:
        return [], ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        inner, kind = _inner(field.get("items", {}), schema)
        return inner, f"list of {kind}"
    if "properties" in field:
        return [field], "object"
    return [], {"null": "null"}.get(field.get("type", ""), field.get("type", "any"))


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = schema
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |"
