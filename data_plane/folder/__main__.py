"""Compile one exported file: `python -m pretzel.data_plane.folder FILE PARENT`.

Writes to standard output the length of a map, the map and then the objects that it names, one after another.  It runs
in a process of its own, so that a file can take neither the worker's time nor the worker with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

import pretzel.engine as engine
from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.engine.hops import is_hop
from pretzel.errors import PretzelError, brief
from pretzel.plan import bundle
from pretzel.plan.definition import Definition
from pretzel.plan.encoding import encode
from pretzel.plan.steps import stored
from pretzel.serving.parent import die_with


def main(path: str, parent: str) -> None:
    """Write the compiled plan of a file, or the reason why it has none."""
    die_with(int(parent))
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what a library prints must not mix with the answer
        try:
            definition = bundle.load(path)
            compiled = compile_plan(optimize(definition))
            _check(compiled)
        except (PretzelError, OSError) as error:
            _write(out, {"error": brief(error) if isinstance(error, PretzelError) else f"{path}: {error.strerror}"})
        else:
            _write_plan(out, definition, compiled)


def _check(compiled: Compiled) -> None:
    """Load the plan, as serving processes will; one with Python stages is loaded only where those are allowed."""
    if not any(map(is_hop, compiled.plan.stages)):
        engine.load(compiled.plan, compiled.blobs.__getitem__)


def _write_plan(out: BinaryIO, definition: Definition, compiled: Compiled) -> None:
    plan = compiled.plan
    objects = {plan.digest: plan.encoded, **compiled.blobs}
    head = {
        "plan": str(plan.digest),
        "definition": str(definition.digest),
        "parameter_bytes": plan.parameter_bytes,
        "metadata": {**definition.metadata, **stored(compiled.steps)},
        "objects": [str(digest) for digest in objects],
    }
    _write(out, head)
    for blob in objects.values():
        out.write(memoryview(blob).cast("B"))


def _write(out: BinaryIO, head: Mapping[str, Any]) -> None:
    data = encode(head)
    out.write(len(data).to_bytes(8, "big") + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
