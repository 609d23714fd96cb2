"""Rules for models whose answers depend on whether numbers are sent as integers, from a trial definition for integers.

The libraries mostly convert integers to float64, which makes no difference.  Two kinds of steps do not: LightGBM
reads an array of integers in float32, and NumPy functions compute in the type of their input.
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
"""Operators that only move values, so that rounding commutes with them."""
WIDE = np.dtype(np.int16).itemsize
"""Bytes of the largest integer type whose values float32 holds exactly."""

Rule = dict[str, Any]
"""The treatment of integers by clients.

If all ``inputs`` hold integers, the library reads them ``how``: ``round``, in float32; ``exact``, in both float32 and
float64, so that only integers exact in float32 give the same answer; ``type``, in their own type, so that only those of
``types`` give the answer for floats; ``within``, in their own type, so that those up to ``most`` of their type give the
answer for floats; ``keep``, an output has their type.  ``nullable`` is False for a rule of ``type`` whose step reads an
array of the table, in which nullable integers of pandas are floats; it is True for one of ``within`` whose step does
not.  ``strict`` is True for a rule of ``type`` or
``within`` that rejects columns of booleans only.  ``booleans`` next to integers are ``integers`` too, or it is
``unclear`` whether they and nullable integers are; then only integers exact in float32 are accepted.  ``doubtful`` is
True if an earlier step converts integers to floats depending on their values; then the same holds, and the types of a
sample do not decide it.
"""


def rules_of(definition: Definition, inputs: Inputs) -> list[Rule]:
    """Return the rules for integers in a definition whose inputs are integers."""
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
    unchanged = {name for node in definition.outputs.values() if _is_whole(node.type) for name in _leaves(node)}
    rounded = [node for node in inputs.rounded if node in present]
    rules = [
        *(rule for rule in [*computed, *_within(inputs.bounded, present)] if rule["inputs"]),
        *_rounding(rounded, definition),
        *([{"inputs": sorted(unchanged), "how": "keep"}] if unchanged else []),
    ]
    doubtful = _leaves(*(node for node in inputs.doubtful if node in present))
    rules = [{**rule, "doubtful": True} if doubtful.intersection(rule["inputs"]) else rule for rule in rules]
    for how, nodes in (("integers", inputs.joined), ("unclear", inputs.unclear)):
        joined = _leaves(*(node for node in nodes if node in present))
        rules = [{**rule, "booleans": how} if joined.intersection(rule["inputs"]) else rule for rule in rules]
    return _without_dates(rules, inputs.dates)


def _without_dates(rules: list[Rule], dates: Mapping[str, str]) -> list[Rule]:
    """Return the rules without the inputs of dates, whose ticks are always integers."""
    others = [{**rule, "inputs": [name for name in rule["inputs"] if name not in dates]} for rule in rules]
    return [rule for rule in others if rule["inputs"]]


def all_whole(types: Mapping[str, ValueType]) -> dict[str, ValueType]:
    """Return these input types with int64 in place of dense numbers."""
    return {
        name: kind if kind.is_text or kind.layout != "dense" else ValueType("i64", kind.width)
        for name, kind in types.items()
    }


def to_be_typed(rules: Iterable[Rule], sample: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return the integer types of the inputs for which floats would give other answers, by the values of a sample."""
    types: dict[str, str] = {}
    for rule in rules:
        arrays = {name: sample[name] for name in rule["inputs"] if name in sample}
        whole = len(arrays) == len(rule["inputs"]) and all(array.dtype.kind in "iu" for array in arrays.values())
        if whole and _depends(rule, list(arrays.values())):
            types |= {name: DTYPE_NAMES[array.dtype.newbyteorder("<")] for name, array in arrays.items()}
    return types


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
            **({"nullable": True} if each.by_column else {}),
        }
        for each in bounded
        if each.node in present
    ]


def _rounding(rounded: list[Node], definition: Definition) -> list[Rule]:
    """Return the rules for rounded inputs: rounded at the input if no other step reads it, else exact."""
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
    """Return the numeric inputs that nodes are computed from, without those reached only through ``until``."""
    stop, waiting, seen, leaves = set(until), list(nodes), set(), set()
    while waiting:
        node = waiting.pop()
        if node in seen or node in stop:
            continue
        seen.add(node)
        if isinstance(node, ops.Input) and _is_whole(node.type):
            leaves.add(node.column)
        waiting += node.inputs
    return leaves


def _is_moved(rounded: Node) -> bool:
    """Return whether only unchanged inputs are rounded, in addition to values without inputs."""
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
