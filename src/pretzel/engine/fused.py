"""Types of fused steps, which fusion creates and the program's builder reads."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pretzel.plan.types import ValueType


@dataclass(frozen=True, slots=True)
class FusedStep:
    """Steps that run as one, and the nodes that they write, which get consecutive slots."""

    nodes: tuple[int, ...]
    kernel: Any
    read: tuple[int, ...]
    type: ValueType
    """Of the values written, up to the number of columns."""

    @property
    def name(self) -> str:
        """The class of the kernel, ``module:Class`` under ``pretzel.kernels``."""
        kernel = type(self.kernel)
        return f"{kernel.__module__.removeprefix('pretzel.kernels.')}:{kernel.__name__}"


@dataclass(frozen=True)
class FusedKernel:
    """A kernel that does the work of several."""

    target: str
    """``module:Class`` under ``pretzel.kernels``, built from kernels; ``Class.size(kernels)`` is its size in bytes."""

    def make(self) -> Any:
        """Import the class."""
        module, name = self.target.split(":")
        return getattr(importlib.import_module(f"pretzel.kernels.{module}"), name)


def readers_of(groups: Iterable[FusedStep]) -> dict[int, list[FusedStep]]:
    """Return for each node the groups that read it, in order."""
    readers: dict[int, list[FusedStep]] = {}
    for group in groups:
        for node in dict.fromkeys(group.read):
            readers.setdefault(node, []).append(group)
    return readers
