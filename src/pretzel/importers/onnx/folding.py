"""Computes what is the same for all rows, once, while the graph is read; by ONNX's own reference implementation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from pretzel.importers.onnx.registry import CONVERTERS, Site, array_of

MOST = 1 << 25
"""Numbers that the constants of a graph may come to; a file of a few bytes can ask for any number."""
SMALL = 1 << 10
MADE_OF_NOTHING = {("", name) for name in ("Constant", "ConstantOfShape", "Range", "Shape", "Size", "EyeLike")}
"""Operators that are served only as constants."""


def fold(site: Site, opsets: Mapping[str, int]) -> tuple[np.ndarray, ...]:
    """Return the outputs of a node whose inputs are all constant.

    Raises:
        UnsupportedError: the operator is none that is served, or its result would be too large.
        ValueError, TypeError, ...: the node is malformed.
    """
    node = site.node
    domain = "" if node.domain == "ai.onnx" else node.domain
    if (domain, node.op_type) not in CONVERTERS.keys() | MADE_OF_NOTHING:
        raise site.refuse("no importer knows this operator", "export the model without it (docs/onnx.md)")
    if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
        raise site.refuse("it holds a graph", "export the model without it")
    if node.op_type == "Constant":
        return (_constant(site),)
    given = {name: array for name, array in zip(node.input, site.inputs, strict=True) if isinstance(array, np.ndarray)}
    _check_size(site, domain, given, opsets)
    return _evaluated(node, domain, given, opsets)


def _constant(site: Site) -> np.ndarray:
    attribute = site.node.attribute[0]
    if len(site.node.attribute) != 1:
        raise ValueError("expected one attribute, the value")
    if attribute.name == "value":
        return array_of(attribute.t)
    value = site.attribute(attribute.name)
    kind = attribute.name.removeprefix("value_").removesuffix("s")
    return np.array(value, {"float": np.float32, "int": np.int64, "string": str}[kind])


def _check_size(site: Site, domain: str, given: Mapping[str, np.ndarray], opsets: Mapping[str, int]) -> None:
    """Refuse a node whose results would not fit, before they are computed."""
    try:
        schema = onnx.defs.get_schema(site.node.op_type, opsets[domain], domain)
    except onnx.defs.SchemaError:
        raise ValueError(f"opset {opsets[domain]} has no such operator") from None
    types = {name: _type_of(array) for name, array in given.items()}
    data = {name: _tensor(name, array) for name, array in given.items() if array.size <= SMALL}
    imports = [onnx.helper.make_opsetid(name, version) for name, version in opsets.items()]
    try:
        found = shape_inference.infer_node_outputs(schema, site.node, types, data, opset_imports=imports)
    except (RuntimeError, onnx.checker.ValidationError) as error:
        raise ValueError(str(error)) from None
    for kind in found.values():
        dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.tensor_type.shape.dim]
        size = float(np.prod(np.array(dims, float)))
        if -1 in dims or not kind.tensor_type.HasField("shape") or size > MOST:
            raise site.refuse(
                f"its constant result is of unknown size, or of more than {MOST} numbers", "fold it first"
            )


def _evaluated(
    node: onnx.NodeProto, domain: str, given: Mapping[str, np.ndarray], opsets: Mapping[str, int]
) -> tuple[np.ndarray, ...]:
    inputs = [onnx.helper.make_value_info(name, _type_of(array)) for name, array in given.items()]
    outputs = [onnx.helper.make_value_info(name, onnx.TypeProto()) for name in node.output if name]
    graph = onnx.helper.make_graph([node], "constant", inputs, outputs)
    imports = [onnx.helper.make_opsetid(name, version) for name, version in opsets.items() if name in ("", domain)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            results = ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=imports)).run(None, dict(given))
        except Exception as error:  # of any kind: what it is given is whatever a file holds
            raise ValueError(f"it cannot be computed: {type(error).__name__}: {error}") from error
    return tuple(np.asarray(result) for result in results)


def _type_of(array: np.ndarray) -> onnx.TypeProto:
    if array.dtype.kind in "OU":
        return onnx.helper.make_tensor_type_proto(onnx.TensorProto.STRING, array.shape)
    return onnx.helper.make_tensor_type_proto(onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def _tensor(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(array.astype(object) if array.dtype.kind == "U" else array, name)
