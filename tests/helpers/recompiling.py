"""Control planes whose recompilation goes wrong: `python recompiling.py HOW=ARGUMENT ...`, a program of tests."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from pretzel.control_plane import rebuild
from pretzel.control_plane.__main__ import run
from pretzel.plan.definition import Definition, from_tree
from pretzel.plan.encoding import decode
from pretzel.plan.parameter import Parameter

STEP = "recompile_before_publish"
FAILURE = "injected: the first recompilation fails"


def going_wrong(**how: object) -> list[str]:
    """Return the command of such a control plane.

    Args:
        how: ``fails``: the first recompilation raises an error.  ``stops``: the first one stops before it is published,
            and then a file with this path exists.  ``perturbs``: the largest parameter of the definitions with this
            seed is compiled with one other value.
    """
    return [sys.executable, "-P", str(Path(__file__)), *(f"{name}={argument}" for name, argument in how.items())]


def _at_first(act: Any) -> None:
    seen: list[str] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "pretzel.step" and arguments == (STEP,) and not seen:
            seen.append(STEP)
            act()

    sys.addaudithook(hook)


def _fail() -> None:
    raise RuntimeError(FAILURE)


def _stop(marker: Path) -> None:
    marker.touch()
    Event().wait()


def _perturb(seed: int) -> None:
    optimize = rebuild.optimize

    def perturbed(definition: Definition) -> Definition:
        return optimize(_with_another_value(definition) if definition.metadata.get("seed") == seed else definition)

    rebuild.optimize = perturbed


def _with_another_value(definition: Definition) -> Definition:
    """Return a definition whose largest parameter has one other value."""
    parameters = dict(definition.parameters)
    digest = max(parameters, key=lambda one: (one.size, str(one)))
    values = np.array(parameters[digest].array)
    values[7] += 1.0
    return from_tree(decode(definition.encoded), parameters | {digest: Parameter.of(values)})


if __name__ == "__main__":
    asked = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if "fails" in asked:
        _at_first(_fail)
    if "stops" in asked:
        _at_first(lambda: _stop(Path(asked["stops"])))
    if "perturbs" in asked:
        _perturb(int(asked["perturbs"]))
    sys.exit(run())
