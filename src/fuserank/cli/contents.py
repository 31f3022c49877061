"""The order of the help: panels as chapters, commands in the natural order of work."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

CONTENTS: dict[str, tuple[str, ...]] = {
    "Begin": ("recipe", "sample", "import"),
    "Data": ("validate", "extract", "export", "data"),
    "Judgments and behaviour": ("judge", "judge-clicks", "counterfactual"),
    "Train and tune": ("train", "tune", "finetune", "study"),
    "Look and explain": ("explain", "compare", "traffic", "monitor"),
    "Models": ("models", "release"),
    "Serve and merchandise": ("serve", "rules"),
    "Operate": ("up", "status", "doctor"),
}
MODELS: dict[str, tuple[str, ...]] = {
    "Look": ("list", "show", "lineage", "compare", "log"),
    "Change": ("promote", "rollback", "prune"),
}
DATA: dict[str, tuple[str, ...]] = {
    "Versions": ("add", "log", "diff", "restore", "verify"),
    "Remotes": ("push", "pull"),
}
RULES: dict[str, tuple[str, ...]] = {"Rules": ("check", "preview", "release"), "Diversity": ("diversity",)}


class _Chapters(TyperGroup):
    """A group whose commands stand in the panels of a table; without arguments it prints its help."""

    panels: dict[str, tuple[str, ...]]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        panel_of = {name: panel for panel, names in self.panels.items() for name in names}
        order = [*(name for name in panel_of if name in self.commands), *(name for name in self.commands if name not in panel_of)]
        self.commands = {name: self.commands[name] for name in order}
        for name, command in self.commands.items():
            command.rich_help_panel = panel_of.get(name, command.rich_help_panel)  # type: ignore[attr-defined]  # Typer's, not Click's

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])


def chapters(name: str, panels: dict[str, tuple[str, ...]], told: str) -> typer.Typer:
    """A group of commands with its own table of contents; `told` is its line in the help."""
    kind = type(f"{name.title()}Chapters", (_Chapters,), {"panels": panels})
    return typer.Typer(name=name, cls=kind, help=told, pretty_exceptions_enable=False)
