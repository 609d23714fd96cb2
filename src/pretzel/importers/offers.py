"""Optional outputs that importers offer in addition to the methods of an estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pretzel.plan.node import Node


@dataclass(frozen=True, slots=True)
class Offer:
    """An optional output of a model: how to build it, and the form in which the library returns it."""

    build: Callable[[], Node | dict[str, Node]]
    """Called only if the output is wanted: returns its node, or its parts by name, empty if it cannot be computed."""
    dtype: str | None = None
    """NumPy's name of the library's dtype (``<f4``), if it differs from the node's."""
    shape: tuple[int, ...] | None = None
    """The library's shape per row, if it is not ``(columns,)``."""
    adds: float = 0
    """Bytes of parameters that it adds at least: an output that is too large anyway is built only if it is asked for.

    Infinite for an output of sparse rows.
    """
