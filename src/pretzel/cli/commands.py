"""The subcommands of `pretzel`, each imported when it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Options of servers are parsed by their settings."""


@dataclass(frozen=True)
class Entry:
    """One command: the function that runs it, and its line in the list of commands."""

    function: str
    """`module:name`, below `pretzel.cli`; a group is a Typer application."""
    help: str
    tls: bool = True
    """It has a client, and so the options for TLS."""
    settings: Mapping[str, Any] = field(default_factory=dict)


_SERVER = {"context_settings": PASS_ON, "add_help_option": False}
COMMANDS: Mapping[str, Entry] = {
    "up": Entry("up:up", "Run a control plane and workers until SIGTERM or Ctrl-C.", False),
    "control-plane": Entry("servers:control_plane", "Run a control plane.", False, _SERVER),
    "worker": Entry("servers:worker", "Run a data-plane worker.", False, _SERVER),
    "check": Entry("check:check", "Check if a model can be served.", False),
    "deploy": Entry("deploy:deploy", "Deploy a model from a file."),
    "apply": Entry("apply.command:apply", "Deploy many models; unchanged ones are left as they are."),
    "models": Entry("listing:models", "List the models, their versions and their aliases."),
    "describe": Entry("catalog:describe", "Show the inputs and outputs of a model."),
    "explain": Entry("explaining:explain", "Show what a model costs, and how it was optimized."),
    "predict": Entry("predict:predict", "Score rows; an empty cell means missing."),
    "export": Entry("export:export", "Export a model to a file, without its code.", False),
    "alias": Entry("catalog:alias", "Point an alias to a version, to promote it or to roll back."),
    "hints": Entry("placement:hints", "Choose the workers that serve a model and keep it loaded."),
    "workers": Entry("placement:workers", "List the live workers with their labels."),
    "where": Entry("placement:where", "List the workers that serve a model."),
    "traffic": Entry("traffic:traffic", "Split the calls of an alias over versions."),
    "rollout": Entry("rollout:rollout", "Move an alias to a version in steps, by rules."),
    "shadow": Entry("shadow:shadow", "Compare a version by copies of calls."),
    "freeze": Entry("freezing:freeze", "Refuse changes of models, or list which are frozen."),
    "unfreeze": Entry("freezing:unfreeze", "End a freeze."),
    "schedule": Entry("scheduling:schedule", "List the changes that are made at a time."),
    "unschedule": Entry("scheduling:unschedule", "Cancel a scheduled change."),
    "label": Entry("labels:label", "Write labels, an owner or a note on a model or version."),
    "delete": Entry("deletion:delete", "Delete a model, a version, or the models of a selection."),
    "top": Entry("top.command:top", "Show models by load: calls, latency, errors and memory."),
    "console": Entry("console:console", "Serve pages that show models, load and sharing."),
    "gc": Entry("store:gc", "Remove the objects that no version needs."),
    "fsck": Entry("store:fsck", "Check the store."),
    "migrate": Entry("migrating:migrate", "Copy a catalog to another database.", False),
    "backup": Entry("backups:backup", "Copy a catalog and its objects to a directory.", False),
    "restore": Entry("backups:restore", "Fill an empty catalog and store from a backup.", False),
    "audit": Entry("audit:audit", "List who changed what, and refused changes."),
    "quota": Entry("quota:quota", "List the limits of identities, and what they use."),
    "token": Entry("token:token", "Make a token for the file of identities.", False),
    "bench": Entry("bench:measuring", "Measure latency and throughput, or compare two results.", False),
}


class Commands(TyperGroup):
    """A group that imports the module of a command when the command is used.

    Importing all of them takes longer than most commands do.
    """

    def __init__(self, **settings: Any) -> None:
        """Create the group of :data:`COMMANDS`."""
        super().__init__(**settings)
        self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; only its name and its help while commands are listed."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=entry.help)
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _loaded(cmd_name, entry)
        return self.commands[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help without importing the commands."""
        with self._listed():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete names of commands without importing them."""
        with self._listed():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _listed(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


def _loaded(name: str, entry: Entry) -> Any:
    module, _, attribute = entry.function.partition(":")
    function = getattr(import_module(f"pretzel.cli.{module}"), attribute)
    if isinstance(function, typer.Typer):
        command = typer.main.get_command(function)
        command.name = name
        return command
    if entry.tls:
        from pretzel.cli.tls import takes_tls

        function = takes_tls(function)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, **entry.settings)(function)
    return typer.main.get_command(alone)
