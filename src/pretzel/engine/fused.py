"""Steps that run as one: what fusion makes of the steps of a program, and the program's builder reads."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pretzel.plan.types import ValueType


@dataclass(frozen=True, slots=True)
class FusedStep:
    """Steps that run as one: the nodes that they write, which get slots that follow one another."""

    nodes: tuple[int, ...]
    kernel: Any
    read: tuple[int, ...]
    type: ValueType
    """Of what is written, the number of columns aside."""

    @property
    def name(self) -> str:
        """Return the class of the kernel, ``module:Class`` under ``pretzel.kernels``."""
        kernel = type(self.kernel)
        return f"{kernel.__module__.removeprefix('pretzel.kernels.')}:{kernel.__name__}"


@dataclass(frozen=True)
class FusedKernel:
    """A kernel that does the work of several."""

    target: str
    """``module:Class`` under ``pretzel.kernels``, made from kernels; ``Class.size(kernels)`` is the bytes it holds."""

    def make(self) -> Any:
        """Return the class."""
        module, name = self.target.split(":")
        return getattr(importlib.import_module(f"pretzel.kernels.{module}"), name)


def readers_of(groups: Iterable[FusedStep]) -> dict[int, list[FusedStep]]:
    """Return for each node the groups that read it, in order."""
    readers: dict[int, list[FusedStep]] = {}
    for group in groups:
        for node in dict.fromkeys(group.read):
            readers.setdefault(node, []).append(group)
    return readers
