"""Test whether code is of an installed package, and so of a library, or of the user."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path

PACKAGES = ("site-packages", "dist-packages")
"""The directories of packages, by which those of other environments are known too."""
COMPUTING = ("numpy", "scipy", "pandas", "polars", "sklearn")
"""Libraries whose functions have operators: traces call their own forms of them, and do not look inside."""


def is_installed(module: str) -> bool:
    """Return whether a loaded module is of the standard library or of an installed package, by its file.

    Modules without a file, such as the cells of a notebook, are of the user.
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and _is_in_a_library(file)


def is_computing(module: str | None) -> bool:
    """Return whether a module is of a library of arrays and tables."""
    return (module or "").partition(".")[0] in COMPUTING


@cache
def _is_in_a_library(file: str) -> bool:
    path = Path(file)
    return any(part in PACKAGES for part in path.parts) or any(map(path.is_relative_to, _standard()))


@cache
def _standard() -> tuple[str, ...]:
    """Return the directories of the standard library."""
    places = {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib")}
    return tuple(places | {str(Path(place).resolve()) for place in places})
