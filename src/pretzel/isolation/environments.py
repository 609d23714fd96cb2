"""Environments of Python stages: the Python and the packages that code was pickled with, and where they are."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pretzel.errors import PreconditionError

PICKLER = "cloudpickle"
SECONDS = 60
_LIST = """
import importlib.metadata as m, json, sys
sys.path[:0] = sys.argv[2:]
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
names = json.loads(sys.argv[1])
print(json.dumps(["%d.%d" % sys.version_info[:2], {name: version(name) for name in names}]))
"""


@dataclass(frozen=True)
class Environment:
    """The needs of code: a Python as ``3.12``, and packages as ``numpy==2.1.0``."""

    python: str
    packages: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The name of a directory that provides it."""
        text = "\n".join([f"python {self.python}", *sorted(self.packages)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def versions(self) -> dict[str, str]:
        """The version of each package."""
        return {name: version for name, _, version in (package.partition("==") for package in self.packages)}


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that provides an environment, with directories to search for packages first."""

    executable: str
    paths: tuple[str, ...] = ()


def here() -> str:
    """Return the Python of this process, as environments name it."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def provided(environment: Environment, directory: Path | None) -> Interpreter:
    """Return the interpreter of an environment: of its directory, or else that of this process.

    Raises:
        PreconditionError: it is lacking; the message lists what, and how to provide it.
    """
    place = directory / environment.digest if directory is not None else None
    if place is not None and place.is_dir():
        chosen = _of_directory(place)
        problems = _problems(environment, *_asked(chosen, [*environment.versions, PICKLER]))
        where = f"{place}"
    else:
        chosen = Interpreter(sys.executable)
        problems = _problems(environment, here(), {name: _version(name) for name in [*environment.versions, PICKLER]})
        where = "the worker's own environment"
    if problems:
        raise PreconditionError(f"{where} lacks {', '.join(problems)}; {_remedy(environment, directory)}")
    return chosen


def _of_directory(place: Path) -> Interpreter:
    """Return the interpreter of a virtual environment, or this one with a directory of packages."""
    executable = place / "bin" / "python"
    return Interpreter(str(executable)) if executable.exists() else Interpreter(sys.executable, (str(place),))


def _problems(environment: Environment, python: str, versions: Mapping[str, str | None]) -> list[str]:
    wrong = [] if python == environment.python else [f"Python {environment.python} (it has {python})"]
    for name, wanted in environment.versions.items():
        if versions[name] != wanted:
            wrong.append(f"{name} {wanted}" + (f" (it has {versions[name]})" if versions[name] else ""))
    return wrong if versions.get(PICKLER) else [*wrong, PICKLER]


def _asked(interpreter: Interpreter, names: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """Ask an interpreter for its version and those of packages."""
    command = [interpreter.executable, "-I", "-c", _LIST, json.dumps(names), *interpreter.paths]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True, env={})
        python, versions = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise PreconditionError(f"{interpreter.executable} does not run: {error}") from None
    return python, versions


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _remedy(environment: Environment, directory: Path | None) -> str:
    packages = " ".join(sorted(environment.packages))
    if directory is None:
        return f"install them, or set python_environments to a directory with an environment {environment.digest} in it"
    return (
        f"make {directory / environment.digest} a virtual environment of Python {environment.python} with "
        f"`pip install {PICKLER} {packages}`"
    )
