"""Distances to learned rows and the nearest of them, as converters write nearest neighbours."""

from __future__ import annotations

import numpy as np
import onnx

from pretzel.importers.onnx.products import features
from pretzel.importers.onnx.registry import Site, array_of, converts
from pretzel.importers.onnx.values import Rows, constant
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

SQUARED_DISTANCE = ("Identity", "Sub", "ReduceSumSquare", "Identity")


@converts("com.microsoft", "CDist")
def distances(site: Site) -> Rows:
    """Return the Euclidean distance of each row to each constant row, or its square."""
    metric = site.text("metric", "sqeuclidean")
    if metric not in ("euclidean", "sqeuclidean"):
        raise site.refuse(f"its metric is {metric[:40]!r}", "euclidean and sqeuclidean are supported")
    squares = _squares(features(site), site.constant(1))
    return Rows(ops.Elementwise(squares, "sqrt") if metric == "euclidean" else squares, (len(site.constant(1)),))


def _squares(x: Rows, rows: np.ndarray) -> Node:
    return ops.Distances(x.dense_matrix, Parameter.of(rows.astype(x.node.type.numpy)), "squares")


@converts("", "Scan")
def scan(site: Site) -> tuple[Rows, Rows]:
    """Return the squared distance to each constant row, which converters write as a loop."""
    site.read.update(attribute.name for attribute in site.node.attribute)
    bodies = [attribute.g for attribute in site.node.attribute if attribute.name == "body"]
    if len(bodies) != 1:
        raise ValueError(f"it has {len(bodies)} bodies")
    body = bodies[0]
    extra = {attribute.name for attribute in site.node.attribute} - {"body", "num_scan_inputs"}
    one = [attribute.i for attribute in site.node.attribute if attribute.name == "num_scan_inputs"] == [1]
    if tuple(node.op_type for node in body.node) != SQUARED_DISTANCE or extra or not one or not _is_distance(body):
        raise site.refuse("its loop is not supported", "export the model without loops, neighbours with optim='cdist'")
    rows = site.constant(1)
    x = features(site)
    return x, Rows(_squares(x, rows), (len(rows),), 1)


def _is_distance(graph: onnx.GraphProto) -> bool:
    """Return whether a loop body subtracts its two inputs and adds the squares along the columns."""
    first, subtract, add, last = graph.node
    axes = [array_of(tensor).tolist() for tensor in graph.initializer if tensor.name == add.input[-1]]
    axes += [list(attribute.ints) for attribute in add.attribute if attribute.name == "axes"]
    outputs = [output.name for output in graph.output]
    inputs = [item.name for item in graph.input]
    attributes = {attribute.name: attribute.i for attribute in add.attribute if attribute.name != "axes"}
    return (
        not any(node.domain for node in graph.node)
        and attributes == {"keepdims": 0}
        and inputs[:1] == list(first.input)
        and outputs == [first.output[0], outputs[-1]]
        and set(subtract.input) == set(inputs)
        and add.input[0] == subtract.output[0]
        and axes == [[1]]
        and last.input[0] == add.output[0]
        and last.output[0] == outputs[-1]
    )


@converts("", "TopK")
def nearest(site: Site) -> tuple[Rows, Rows]:
    """Return the smallest or largest columns, in order, and their positions; ties keep column order."""
    x = site.numbers(0, "f32", "f64")
    site.without_effect("sorted")  # unsorted results may be sorted as well
    count = int(np.ravel(site.setting("k", 1, 10))[0])
    if x.row_axis(site.integer("axis", -1)) != 0 or len(x.tail) != 1:
        raise site.refuse(f"it looks along one of {len(x.tail)} dimensions of a row", "give it columns")
    places = _largest(x, count) if site.integer("largest", 1) else ops.Nearest(x.dense_matrix, count, first=True)
    return Rows(ops.Gather(x.dense_matrix, places), (count,), x.axis), Rows(places, (count,), x.axis)


def _largest(x: Rows, count: int) -> Node:
    """Return the positions of the largest columns, NaN first: the end of the full order, reversed."""
    width = x.tail[0]
    if not 1 <= count <= width:
        raise ValueError(f"the largest {count} of {width}")
    backwards = np.arange(width)[::-1]
    order = x.of(ops.Nearest(x.of(x.pick(backwards)).dense_matrix, width, first=True))
    last = constant(np.array([width - 1], np.int64), x)
    return ops.Arithmetic(last, x.of(order.pick(backwards[:count]), (count,)).matrix, "subtract")
