"""`pretzel control-plane` and `pretzel worker`: every setting is an option or a `PRETZEL_*` variable."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from pretzel.cli import failures
from pretzel.errors import UnsupportedError

T = TypeVar("T")

PARENT = "PRETZEL_PARENT_PID"
"""Process id of the parent; this process ends with it.  Set by `pretzel up`."""

_OWN = "if another server uses it, set another {}"
_ALIASES = {"--port": "--control-port", "--metrics-port": "--control-metrics-port"}


def control_plane(context: typer.Context) -> int:
    """Run a control plane; `pretzel control-plane --help` lists its settings."""
    with_server_extra(_prepare)
    context.args[:] = map(_renamed, context.args)
    with failures.helping(_OWN.format("--control-port, --control-metrics-port or --data-dir")):
        return with_server_extra(lambda: _run_control_plane(context))


def worker(context: typer.Context) -> int:
    """Run a data-plane worker; `pretzel worker --help` lists its settings."""
    with_server_extra(_prepare)
    with failures.helping(_OWN.format("--port, --metrics-port or --cache-dir")):
        return with_server_extra(lambda: _run_worker(context))


def with_server_extra(run: Callable[[], T]) -> T:
    """Run code that needs the libraries of the servers.

    Raises:
        UnsupportedError: they are not installed.
    """
    try:
        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pretzel"):
            raise
        raise UnsupportedError(f"servers need {error.name}; pip install 'pretzel[server]'") from None


def _run_control_plane(context: typer.Context) -> int:
    from pretzel.control_plane.serve import run
    from pretzel.control_plane.settings import Settings

    run(_settings(Settings, context))
    return 0


def _run_worker(context: typer.Context) -> int:
    from pretzel.data_plane.settings import Settings
    from pretzel.data_plane.supervise.run import run

    return run(_settings(Settings, context))


def _settings(kind: Any, context: typer.Context) -> Any:
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    config = os.environ.get("PRETZEL_CONFIG")
    if config and not os.path.isfile(config):  # the settings would ignore it
        raise typer.BadParameter(f"PRETZEL_CONFIG: file {config} does not exist", context)
    try:
        return kind(
            _cli_parse_args=context.args,
            _cli_prog_name=context.command_path,
            _cli_kebab_case=True,
            _cli_implicit_flags=True,
            _cli_exit_on_error=False,
        )
    except SettingsError as error:
        raise typer.BadParameter(str(error).removeprefix("error parsing CLI: "), context) from None
    except ValidationError as error:
        raise typer.BadParameter("; ".join(map(_problem, error.errors())), context) from None
    except ValueError as error:  # invalid UTF-8 or TOML
        raise typer.BadParameter(f"PRETZEL_CONFIG: {config} is not TOML ({error})", context) from None


def _problem(item: Any) -> str:
    where = ".".join(map(str, item["loc"]))
    text = item["msg"].removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def _renamed(argument: str) -> str:
    option, equals, value = argument.partition("=")
    return _ALIASES.get(option, option) + equals + value


def warn_of_unknown_settings() -> None:
    """Warn of variables and keys of the file that no server knows; a misspelled one would be ignored silently."""
    from pretzel.control_plane.settings import Settings as ControlPlane
    from pretzel.data_plane.settings import Settings as Worker
    from pretzel.serving.settings import unknown

    for problem in unknown(ControlPlane, Worker):
        print(f"warning: {problem}", file=sys.stderr)


def _prepare() -> None:
    """End with the parent, if any, which has already warned."""
    parent = os.environ.pop(PARENT, "")
    if not parent:
        return warn_of_unknown_settings()
    from pretzel.serving.parent import die_with

    return die_with(int(parent))
