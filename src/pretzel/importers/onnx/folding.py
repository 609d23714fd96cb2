"""Fold constants: evaluate nodes that are the same for all rows once, with ONNX's reference implementation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from math import prod

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from pretzel.importers.onnx.budget import numbers
from pretzel.importers.onnx.registry import CONVERTERS, Site, array_of
from pretzel.importers.onnx.values import MOST

SMALL = 1 << 10
CONSTANT_ONLY = {("", name) for name in ("Constant", "ConstantOfShape", "Range", "Shape", "Size", "EyeLike")}
"""Operators that are supported only as constants."""
OF_ROWS = ("TreeEnsemble", "SVM", "Linear", "TfIdf", "Tokenizer")
"""Name prefixes of operators that are models: over constants they are useless, and may take very long."""
FOLDED = 8192
"""The fixed cost of evaluating a node, in numbers."""
ONE_BY_ONE = 64
"""Numbers that are computed in the time of one lookup, or of reading one character."""
PRODUCTS = 16
"""Products that are added in the time of writing one number."""


def fold(site: Site, opsets: Mapping[str, int], spend: Callable[[int], None]) -> tuple[np.ndarray, ...]:
    """Return the outputs of a node whose inputs are all constant; ``spend`` may refuse their cost.

    Raises:
        UnsupportedError: the operator is not supported, or its result would be too large.
        ValueError, TypeError, ...: the node is malformed.
    """
    node, domain = site.node, "" if site.node.domain == "ai.onnx" else site.node.domain
    _check_served(site, domain)
    if node.op_type == "Constant":
        constant = _constant(site)
        spend(numbers(constant))
        return (constant,)
    arrays = {name: array for name, array in zip(node.input, site.inputs, strict=True) if isinstance(array, np.ndarray)}
    versions = {name: opsets[name] for name in ("", domain) if name in opsets}
    spend(_cost(site, domain, [*arrays.values()], _sizes(site, domain, arrays, versions)))
    return _evaluated(node, arrays, versions)


def _check_served(site: Site, domain: str) -> None:
    key = (domain, site.node.op_type)
    if key not in CONVERTERS and key not in CONSTANT_ONLY:
        raise site.refuse("no importer knows this operator", "export the model without it (docs/onnx.md)")
    if any(attribute.HasField("g") or attribute.graphs for attribute in site.node.attribute):
        raise site.refuse("it holds a graph", "export the model without it")
    if site.node.op_type.startswith(OF_ROWS):
        raise site.refuse("none of its inputs depends on the rows", "leave it out")


def _cost(site: Site, domain: str, arrays: list[np.ndarray], sizes: list[int]) -> int:
    """Return the cost of an evaluation, in numbers."""
    moved = sum(map(numbers, arrays)) + sum(sizes)
    if domain or any(array.dtype.kind in "OU" for array in arrays):
        return FOLDED + ONE_BY_ONE * moved
    if site.node.op_type in ("MatMul", "Gemm"):
        return FOLDED + moved + sum(sizes) * max(arrays[0].shape, default=1) // PRODUCTS
    return FOLDED + moved


def _constant(site: Site) -> np.ndarray:
    attribute = site.node.attribute[0]
    if len(site.node.attribute) != 1:
        raise ValueError("expected one attribute, the value")
    if attribute.name == "value":
        return array_of(attribute.t)
    value = site.attribute(attribute.name)
    kind = attribute.name.removeprefix("value_").removesuffix("s")
    return np.array(value, {"float": np.float32, "int": np.int64, "string": str}[kind])


def _sizes(site: Site, domain: str, arrays: Mapping[str, np.ndarray], opsets: Mapping[str, int]) -> list[int]:
    """Return the sizes of a node's results, before they are computed."""
    try:
        schema = onnx.defs.get_schema(site.node.op_type, opsets[domain], domain)
    except onnx.defs.SchemaError:
        raise ValueError(f"opset {opsets[domain]} does not have this operator") from None
    types = {name: _type_of(array) for name, array in arrays.items()}
    data = {name: _tensor(name, array) for name, array in arrays.items() if array.size <= SMALL}
    try:
        results = shape_inference.infer_node_outputs(schema, site.node, types, data, opset_imports=_imports(opsets))
    except (RuntimeError, onnx.checker.ValidationError) as error:
        raise ValueError(str(error)) from None
    return [_size(site, kind.tensor_type) for kind in results.values()]


def _size(site: Site, kind: onnx.TypeProto.Tensor) -> int:
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.shape.dim]
    size = prod(dims)
    if -1 in dims or not kind.HasField("shape") or size > MOST:
        raise site.refuse(f"its constant result has an unknown size, or more than {MOST} numbers", "fold it first")
    return size


def _imports(opsets: Mapping[str, int]) -> list[onnx.OperatorSetIdProto]:
    return [onnx.helper.make_opsetid(name, version) for name, version in opsets.items()]


def _evaluated(
    node: onnx.NodeProto, arrays: Mapping[str, np.ndarray], opsets: Mapping[str, int]
) -> tuple[np.ndarray, ...]:
    inputs = [onnx.helper.make_value_info(name, _type_of(array)) for name, array in arrays.items()]
    outputs = [onnx.helper.make_value_info(name, onnx.TypeProto()) for name in node.output if name]
    graph = onnx.helper.make_graph([node], "constant", inputs, outputs)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            results = ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=_imports(opsets))).run(
                None, dict(arrays)
            )
        except Exception as error:  # of any kind: its inputs are arbitrary data from a file
            raise ValueError(f"it cannot be computed: {type(error).__name__}: {error}") from error
    return tuple(np.asarray(result) for result in results)


def _type_of(array: np.ndarray) -> onnx.TypeProto:
    if array.dtype.kind in "OU":
        return onnx.helper.make_tensor_type_proto(onnx.TensorProto.STRING, array.shape)
    return onnx.helper.make_tensor_type_proto(onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def _tensor(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(array.astype(object) if array.dtype.kind == "U" else array, name)
