"""A binding of an operator to a kernel: the types it accepts, and the layout of its parameters."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.engine.costs import Measure, usual_work
from pretzel.engine.second_use import SecondUseCache
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

Derive = Callable[[Node], Mapping[str, Parameter]]


@dataclass(frozen=True)
class Lowered:
    """A kernel with the attributes and parameters of a node."""

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
    """Name in plans; a change of semantics or of a derived layout needs a new name, as in ``linear.sparse/2``."""
    target: str
    """The class, as ``module:Class`` under ``pretzel.kernels``."""
    takes: Callable[[Node], bool] = field(default=_always)
    """True if the kernel computes this node: by types, attributes and parameters, so the same on every machine."""
    derive: Derive = field(default=_own_parameters)
    """Derives the arrays the kernel is built with from the node's parameters; deterministic to the byte."""
    drop: tuple[str, ...] = ()
    """Attributes that the kernel does not use."""
    work: Measure = field(default=usual_work)
    """Computes the work of the kernel per row, in the units of the cost table."""

    @cached_property
    def implementation(self) -> type:
        """The kernel class, imported at first use."""
        module, name = self.target.split(":")
        kernel: type = getattr(importlib.import_module(f"pretzel.kernels.{module}"), name)
        return kernel

    def lower(self, node: Node, *, kept: bool = True) -> Lowered:
        """Lower a node to this kernel; derived parameters are built once per distinct node if they are ``kept``."""
        attributes = {name: value for name, value in node.attributes.items() if name not in self.drop}
        if self.derive is _own_parameters:
            return Lowered(self.kernel, attributes, node.parameters)
        derived = DERIVED.derived(self.derive, node) if kept else self.derive(node)
        return Lowered(self.kernel, attributes, derived)


def _derivation_key(node: Node) -> tuple[object, ...]:
    """Return the inputs of a derivation: operator, attributes, parameters and input types, without the graph."""
    digests = tuple((name, parameter.digest) for name, parameter in node.parameters.items())
    return type(node), tuple(map(repr, node.attributes.items())), digests, tuple(child.type for child in node.inputs)


class DerivedCache(SecondUseCache[tuple[object, ...], Mapping[str, Parameter]]):
    """Derived parameters by their derivation: building a hash table is expensive."""

    def __init__(self, budget: int) -> None:
        super().__init__(budget, _size)

    def derived(self, derive: Derive, node: Node) -> Mapping[str, Parameter]:
        """Return the parameters that are derived from a node's."""
        key = (derive, *_derivation_key(node))
        known = self.get(key)
        if known is None:
            known = derive(node)
            self.add(key, known)
        return known


def _size(parameters: Mapping[str, Parameter]) -> int:
    return sum(parameter.nbytes for parameter in parameters.values())


DERIVED = DerivedCache(budget=64 << 20)
"""The cache of this process; its budget may be set at any time."""
