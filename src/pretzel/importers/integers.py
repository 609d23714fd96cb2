"""Where an answer depends on whether numbers come as integers: seen from a definition that is made for integers.

The libraries mostly turn integers into float64, and then nothing depends on it.  Two kinds of steps do not: LightGBM
reads an array of integers in float32, and functions of NumPy compute in the type of what they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pretzel.importers.inputs import Bounded, Inputs
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.types import DTYPE_NAMES, ValueType

MOVES = (ops.Select, ops.Concat, ops.Column)
"""What only moves values, so that rounding before it is rounding behind it."""
WIDE = np.dtype(np.int16).itemsize
"""Bytes of the largest integers of which float32 holds every one."""

Rule = dict[str, Any]
"""What clients do with integers.

``inputs`` that all hold integers are read ``how``: ``round``, in float32; ``exact``, both in float32 and in float64, so
that only integers which float32 holds are answered alike; ``type``, in their own type, and only those of ``types`` are
answered as floats are; ``within``, in their own type, and those up to ``most`` of their type are answered as floats
are; ``keep``, an output of this process has their type.  ``nullable`` is False for a rule of ``type`` whose step reads
an array made of the table: nullable integers of pandas are floats there.  ``strict`` is True for a rule of ``type`` or
``within`` by which booleans alone are refused.  ``booleans``
beside integers are ``integers`` too, or it is ``unclear`` whether they and nullable integers are: then only integers
that float32 holds are answered.  ``doubtful`` is True where a step before makes floats of integers or not, by what
they hold: then too, and no type of a sample settles it.
"""


def rules_of(definition: Definition, inputs: Inputs) -> list[Rule]:
    """Return what becomes of integers in a definition whose inputs are integers."""
    present = set(definition.nodes)
    computed = [
        {
            "inputs": sorted(_leaves(computed.node)),
            "how": "type",
            "types": list(computed.types),
            "nullable": computed.by_column,
            **({"strict": True} if computed.strict else {}),
        }
        for computed in inputs.computed
        if computed.node in present
    ]
    kept = {name for node in definition.outputs.values() if _is_whole(node.type) for name in _leaves(node)}
    rounded = [node for node in inputs.rounded if node in present]
    rules = [
        *(rule for rule in [*computed, *_within(inputs.bounded, present)] if rule["inputs"]),
        *_rounding(rounded, definition),
        *([{"inputs": sorted(kept), "how": "keep"}] if kept else []),
    ]
    doubtful = _leaves(*(node for node in inputs.doubtful if node in present))
    rules = [{**rule, "doubtful": True} if doubtful.intersection(rule["inputs"]) else rule for rule in rules]
    for how, nodes in (("integers", inputs.joined), ("unclear", inputs.unclear)):
        joined = _leaves(*(node for node in nodes if node in present))
        rules = [{**rule, "booleans": how} if joined.intersection(rule["inputs"]) else rule for rule in rules]
    return rules


def all_whole(types: Mapping[str, ValueType]) -> dict[str, ValueType]:
    """Return these types of inputs with int64 in place of dense numbers."""
    return {
        name: kind if kind.is_text or kind.layout != "dense" else ValueType("i64", kind.width)
        for name, kind in types.items()
    }


def to_be_typed(rules: Iterable[Rule], sample: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return the integer types of those inputs whose answers floats would not give, by what a sample holds."""
    found: dict[str, str] = {}
    for rule in rules:
        arrays = {name: sample[name] for name in rule["inputs"] if name in sample}
        whole = len(arrays) == len(rule["inputs"]) and all(array.dtype.kind in "iu" for array in arrays.values())
        if whole and _depends(rule, list(arrays.values())):
            found |= {name: DTYPE_NAMES[array.dtype.newbyteorder("<")] for name, array in arrays.items()}
    return found


def _depends(rule: Rule, arrays: list[np.ndarray]) -> bool:
    if rule["how"] == "type":
        return any(DTYPE_NAMES.get(array.dtype) not in rule["types"] for array in arrays)
    if rule["how"] == "within":
        return any((np.abs(array.astype("f8")) > rule["most"][DTYPE_NAMES[array.dtype]]).any() for array in arrays)
    return rule["how"] == "exact" and any((array.astype("f4") != array.astype("f8")).any() for array in arrays)


def _within(bounded: Iterable[Bounded], present: set[Node]) -> list[Rule]:
    return [
        {
            "inputs": sorted(_leaves(each.node)),
            "how": "within",
            "most": dict(each.most),
            "strict": each.strict,
        }
        for each in bounded
        if each.node in present
    ]


def _rounding(rounded: list[Node], definition: Definition) -> list[Rule]:
    """Return the rules of what is rounded: at the input where nothing else reads it, else not at all."""
    groups = {frozenset(_leaves(node)): node for node in rounded}
    elsewhere = _leaves(*definition.outputs.values(), until=rounded)
    alone = {
        group: not any(group & other for other in groups if other != group) and not group & elsewhere
        for group in groups
    }
    only_moved = {
        group: all(_is_moved(node) for node in rounded if frozenset(_leaves(node)) == group) for group in groups
    }
    return [
        {"inputs": sorted(group), "how": "round" if alone[group] and only_moved[group] else "exact"}
        for group in groups
        if group
    ]


def _leaves(*nodes: Node, until: Iterable[Node] = ()) -> set[str]:
    """Return the inputs of numbers that nodes are computed from, without what is behind ``until``."""
    stop, waiting, seen, found = set(until), list(nodes), set(), set()
    while waiting:
        node = waiting.pop()
        if node in seen or node in stop:
            continue
        seen.add(node)
        if isinstance(node, ops.Input) and _is_whole(node.type):
            found.add(node.column)
        waiting += node.inputs
    return found


def _is_moved(rounded: Node) -> bool:
    """Whether what is rounded are the inputs themselves, beside what is no input."""
    waiting = list(rounded.inputs)
    while waiting:
        node = waiting.pop()
        if isinstance(node, MOVES):
            waiting += node.inputs
        elif not isinstance(node, ops.Input) and any(isinstance(below, ops.Input) for below in topological([node])):
            return False
    return True


def _is_whole(kind: ValueType) -> bool:
    return not kind.is_text and not kind.is_float and kind.layout == "dense" and kind.dtype != "bool"
