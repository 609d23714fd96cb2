"""Bind operators to kernels: one line per operator, in the table ``BINDINGS`` of its family's module."""

import importlib
import pkgutil

from pretzel.engine.bindings.binding import Binding, Lowered
from pretzel.engine.costs import relative_cost
from pretzel.errors import DefinitionError
from pretzel.plan.node import Node
from pretzel.plan.sizes import Sizes

__all__ = ["BINDINGS", "KERNELS", "Binding", "Lowered", "choose", "lower"]

BINDINGS: dict[type[Node], tuple[Binding, ...]] = {}
"""The kernels of each operator; the cheapest one that accepts a node's types is used."""

for _module in pkgutil.iter_modules(__path__):
    BINDINGS |= getattr(importlib.import_module(f"{__name__}.{_module.name}"), "BINDINGS", {})

KERNELS: dict[str, Binding] = {binding.kernel: binding for many in BINDINGS.values() for binding in many}
"""Every kernel by its name in plans."""

_ASSUMED = Sizes()


def lower(node: Node, sizes: Sizes = _ASSUMED) -> Lowered:
    """Return the kernel for a node, with the attributes and (derived) parameters to build it with.

    Raises:
        DefinitionError: no kernel computes this operator for these types.
    """
    return choose(node, sizes).lower(node)


def choose(node: Node, sizes: Sizes = _ASSUMED) -> Binding:
    """Return the cheapest kernel for a node by the cost table; the first one if any is missing from it.

    Raises:
        DefinitionError: no kernel computes this operator for these types.
    """
    able = [binding for binding in BINDINGS.get(type(node), ()) if binding.takes(node)]
    if not able:
        types = ", ".join(str(child.type) for child in node.inputs)
        raise DefinitionError(f"{node.name}: no kernel computes it from ({types}) to {node.type}")
    if len(able) == 1:
        return able[0]
    costs = [(cost, i) for i, item in enumerate(able) if (cost := relative_cost(item.kernel, item.work(node, sizes)))]
    return able[min(costs)[1]] if len(costs) == len(able) else able[0]
