"""The `pretzel` command: its subcommands and its exit codes."""

from __future__ import annotations

import os
import sys

import typer

from pretzel import __version__
from pretzel.cli import failures
from pretzel.cli.commands import Commands

app = typer.Typer(
    name="pretzel",
    cls=Commands,
    help="Serve many small classical models from one machine.",
    epilog="Exit codes: 1 failure, 2 usage, 3 bad input, 4 not found, 5 no answer, 6 precondition, 7 unsupported, "
    "8 not allowed.",
    pretty_exceptions_enable=False,
)


# Typer includes Click under a module name that depends on its version.
UsageError = typer.BadParameter.__mro__[1]


def _version(requested: bool) -> None:
    if requested:
        print(f"pretzel {__version__}")
        raise typer.Exit


@app.callback(cls=Commands)
def _main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    as_json = "--json" in arguments
    try:
        return int(app(arguments or ["--help"], prog_name="pretzel", standalone_mode=False) or 0)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter reports an error at exit
        return 0
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Click and rich exit with 1
            return 0
        raise
    except Exception as error:
        if isinstance(error, UsageError):
            return failures.report_usage(error, as_json)
        return failures.report_error(error, as_json)
