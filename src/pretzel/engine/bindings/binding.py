"""What binds an operator to a kernel: the types it takes, and how its parameters are laid out for it."""

from __future__ import annotations

import importlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.engine.costs import Measure, usual_work
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

Derive = Callable[[Node], Mapping[str, Parameter]]


@dataclass(frozen=True)
class Lowered:
    """A node as a kernel takes it."""

    kernel: str
    attributes: Mapping[str, Any]
    parameters: Mapping[str, Parameter]


def _always(node: Node) -> bool:
    return True


def _own_parameters(node: Node) -> Mapping[str, Parameter]:
    return node.parameters


@dataclass(frozen=True)
class Binding:
    """A kernel that computes an operator."""

    kernel: str
    """Name in plans; a change of meaning or of a derived layout needs a new name, as in ``linear.sparse/2``."""
    target: str
    """Where the class is: ``module:Class`` under ``pretzel.kernels``."""
    takes: Callable[[Node], bool] = field(default=_always)
    """Whether the kernel computes this node: by types, attributes and parameters, so the same on every machine."""
    derive: Derive = field(default=_own_parameters)
    """The arrays the kernel is built with, from the node's parameters; deterministic to the byte."""
    drop: tuple[str, ...] = ()
    """Attributes that the kernel has no use for."""
    work: Measure = field(default=usual_work)
    """What the kernel does for one row, in the units of the cost table."""

    @cached_property
    def implementation(self) -> type:
        """The kernel class, imported at first use."""
        module, name = self.target.split(":")
        found: type = getattr(importlib.import_module(f"pretzel.kernels.{module}"), name)
        return found

    def lower(self, node: Node) -> Lowered:
        """Return the node as this kernel takes it; what is derived is built once per distinct node."""
        attributes = {name: value for name, value in node.attributes.items() if name not in self.drop}
        if self.derive is _own_parameters:
            return Lowered(self.kernel, attributes, node.parameters)
        return Lowered(self.kernel, attributes, DERIVED.get(self.derive, node))


def _alike(node: Node) -> tuple[object, ...]:
    """Return what a derivation depends on: operator, attributes, parameters, input types; not the graph behind."""
    digests = tuple((name, parameter.digest) for name, parameter in node.parameters.items())
    return type(node), tuple(map(repr, node.attributes.items())), digests, tuple(child.type for child in node.inputs)


class DerivedCache:
    """What was derived lately, up to a number of bytes; building a dictionary's table twice would be felt."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.held = self.hits = self.misses = 0
        self.known: OrderedDict[tuple[object, ...], Mapping[str, Parameter]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, derive: Derive, node: Node) -> Mapping[str, Parameter]:
        key = (derive, *_alike(node))
        with self.lock:
            found = key in self.known
            self.hits, self.misses = self.hits + found, self.misses + (not found)
            if found:
                self.known.move_to_end(key)
                return self.known[key]
        made = derive(node)
        with self.lock:
            self.held += _size(made) - _size(self.known.pop(key, {}))
            self.known[key] = made
            while self.held > self.budget:
                self.held -= _size(self.known.popitem(last=False)[1])
        return made


def _size(parameters: Mapping[str, Parameter]) -> int:
    return sum(parameter.nbytes for parameter in parameters.values())


DERIVED = DerivedCache(budget=64 << 20)
"""The cache of this process; its budget may be set at any time."""
