"""Kernels of the categories family."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

CATEGORIES: dict[type[Node], tuple[Binding, ...]] = {}
