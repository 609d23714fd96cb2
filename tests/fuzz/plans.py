"""Store a plan, its blobs and a few rows in one tree, for fuzzing kernels; digests are computed when it runs.

``{"plan": {...}, "blobs": [bytes, ...], "columns": [{...}, ...]}``: a stage refers to its parameters by their index in
the blobs, and the plan holds neither digests nor fingerprints, so that a mutated blob invalidates no reference.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.engine.bindings import BINDINGS, Binding, choose
from pretzel.errors import CorruptObjectError, InputError
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.node import Node
from pretzel.plan.plan import Plan
from pretzel.plan.wire.columns import columns_from_proto, columns_to_proto
from pretzel.v1 import values_pb2 as pb
from tests.ops import harness

MAX_SEED_BYTES = 60_000
MAX_VALUES = 1 << 22
"""Limit on the values in the slots of a run: a large valid plan is not a fault, only slow."""
SECONDS = 5.0
PARTS = ("data", "lengths", "missing", "indices", "starts")


def run(data: bytes) -> None:
    """Load the plan of a tree, and run it on the tree's rows."""
    plan, blobs, columns = _parts(decode(data))
    executable = engine.load(Plan.from_encoded(plan), blobs.__getitem__)
    values = columns_from_proto(columns)
    rows = max([column.rows for column in columns], default=0)
    if rows * sum(kind.columns for kind in executable._types) <= MAX_VALUES:
        executable.run(values, deadline=time.monotonic() + SECONDS)


def _parts(tree: Any) -> tuple[bytes, dict[Digest, bytes], list[pb.Column]]:
    try:
        blobs = {Digest.of(blob): bytes(blob) for blob in tree["blobs"]}
        return (
            encode(_with_digests(tree["plan"], list(blobs))),
            blobs,
            [pb.Column(**column) for column in tree["columns"]],
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise CorruptObjectError("cannot build a plan and columns from this tree") from None


def _with_digests(plan: Any, digests: list[Digest]) -> Any:
    for i, stage in enumerate(plan["stages"]):
        stage["parameters"] = {name: str(digests[place]) for name, place in stage["parameters"].items()}
        stage["fingerprint"] = hashlib.sha256(f"stage {i}".encode()).hexdigest()
    plan["outputs"] = [[n, slot, None if place is None else str(digests[place])] for n, slot, place in plan["outputs"]]
    return plan | {"inline": {}}


def seeds(*operators: type[Node], count: int = 2) -> list[bytes]:
    """Return encoded plans for each kernel of these operators, drawn from their test cases."""
    return list(dict.fromkeys(packed for op in operators for case in _cases(op) for packed in _plans(case, op, count)))


def _cases(operator: type[Node]) -> Iterator[ModuleType]:
    return (case for case in harness.CASES.values() if case.OPERATOR is operator)


def _plans(case: ModuleType, operator: type[Node], count: int) -> Iterator[bytes]:
    for binding in BINDINGS[operator]:
        yielded = 0
        for node, columns in harness.drawn(case, 4 * count):
            packed = _packed(node, columns, operator, binding) if yielded < count else None
            if packed is not None and len(packed) <= MAX_SEED_BYTES:
                yielded += 1
                yield packed


def _packed(node: Node, columns: dict[str, Any], operator: type[Node], binding: Binding) -> bytes | None:
    """Return the tree of a node's plan with that kernel, or None if the kernel does not support the node."""
    if type(node) is operator and not binding.takes(node):
        return None
    compiled = compile_plan(
        Definition({"out": node}),
        choose=lambda other, sizes: binding if other is node and type(node) is operator else choose(other, sizes),
    )
    values = {item.name: harness._for_engine(item.type, columns[item.name]) for item in compiled.plan.inputs}
    try:
        messages = columns_to_proto(values)
    except InputError:  # a text that UTF-8 cannot encode
        return None
    return packed(compiled.plan, compiled.blobs, messages)


def packed(plan: Plan, blobs: Any, messages: Iterable[pb.Column]) -> bytes:
    """Return the encoded tree of a plan, its blobs, and columns."""
    tree = decode(plan.encoded)
    objects = {str(digest): bytes(blob) for digest, blob in {**plan.inline, **blobs}.items()}
    places = {digest: i for i, digest in enumerate(objects)}
    for stage in tree["stages"]:
        stage["parameters"] = {name: places[digest] for name, digest in stage["parameters"].items()}
        del stage["fingerprint"]
    tree["outputs"] = [[name, slot, digest and places[digest]] for name, slot, digest in tree["outputs"]]
    del tree["inline"]
    return encode(
        {"plan": tree, "blobs": list(objects.values()), "columns": [_column(message) for message in messages]}
    )


def _column(message: pb.Column) -> dict[str, Any]:
    parts = {part: getattr(message, part) for part in PARTS if getattr(message, part)}
    return {"name": message.name, "type": message.type, "rows": message.rows} | parts
