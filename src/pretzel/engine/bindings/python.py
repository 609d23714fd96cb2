"""Binding of Python stages, which no kernel computes: a program is cut at them."""

from __future__ import annotations

from typing import Any

from pretzel.engine.bindings.binding import Binding
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.node import Node

KERNEL = "python_stage"
"""The name of Python stages in plans."""


class Aside:
    """The place of a kernel in programs; building it fails, because only side processes run Python stages."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        raise DefinitionError(f"{KERNEL}: runs in a side process, not in a program")


class AsideBinding(Binding):
    """A binding without a kernel."""

    implementation = Aside


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {ops.PythonStage: (AsideBinding(KERNEL, ""),)}
