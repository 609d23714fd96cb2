"""What binds an operator to a kernel: the types it takes, and how its parameters are laid out for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from pretzel.plan.digest import Digest
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
    """Whether the kernel computes this node; looks at types and attributes, never at data."""
    derive: Derive = field(default=_own_parameters)
    """The arrays the kernel is built with, from the node's parameters; deterministic to the byte."""
    drop: tuple[str, ...] = ()
    """Attributes that the kernel has no use for."""

    @cached_property
    def implementation(self) -> type:
        """The kernel class, imported at first use."""
        module, name = self.target.split(":")
        found: type = getattr(importlib.import_module(f"pretzel.kernels.{module}"), name)
        return found

    def lower(self, node: Node) -> Lowered:
        """Return the node as this kernel takes it; what is derived is built once per distinct node."""
        attributes = {name: value for name, value in node.attributes.items() if name not in self.drop}
        return Lowered(self.kernel, attributes, _derived(self.derive, _Alike(node)))


class _Alike:
    """A node for a cache: equal to all nodes with the same operator, attributes, parameters and input types."""

    def __init__(self, node: Node) -> None:
        self.node = node
        digests: tuple[tuple[str, Digest], ...] = tuple((k, p.digest) for k, p in node.parameters.items())
        types = tuple(child.type for child in node.inputs)
        self.key = (type(node), tuple(map(repr, node.attributes.items())), digests, types)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike) and self.key == other.key


@lru_cache(maxsize=64)
def _derived(derive: Derive, alike: _Alike) -> Mapping[str, Parameter]:
    return derive(alike.node)
