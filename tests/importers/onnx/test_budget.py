"""Small files that request hours or gigabytes: the cost of all nodes is summed and refused within seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pretzel.errors import UnsupportedError
from tests.importers.onnx.budget import growth, imported
from tests.importers.onnx.graphs import ML, model, stump, targets, together

ALL_NODES = "its nodes need more than [0-9]+ numbers and operators, the limit for a file of its size"
FLOAT, INT, TEXT = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
HOSTILE: dict[str, tuple[str, Callable[[], onnx.ModelProto]]] = {}


def hostile(message: str) -> Callable[[Callable[[], onnx.ModelProto]], None]:
    """Register a function that makes a file, with the expected error."""

    def keep(make: Callable[[], onnx.ModelProto]) -> None:
        HOSTILE[make.__name__] = message, make

    return keep


def node(op: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs, [output], domain=domain, **attributes)


def graph(
    nodes: list[onnx.NodeProto], tail: list[int | None], constants: dict[str, Any] | None = None, dtype: int = FLOAT
) -> onnx.ModelProto:
    """Return a file whose last value is its output, over rows X."""
    return model(nodes, {"X": (dtype, [None, *tail])}, {nodes[-1].output[0]: FLOAT}, constants)


def chain(op: str, count: int, *more: str, **attributes: Any) -> list[onnx.NodeProto]:
    """Return nodes that each read the previous one; attributes that are functions take the position."""
    return [
        node(op, ["X" if i == 0 else f"v{i - 1}", *more], f"v{i}", **{k: v(i) for k, v in attributes.items()})
        for i in range(count)
    ]


def trees(op: dict[str, Any], tail: int, count: int) -> onnx.ModelProto:
    weights = targets(count, weights=[1.0, 2.0] * count)
    return graph([node("TreeEnsembleRegressor", ["X"], "Y", ML, n_targets=1, **op, **weights)], [tail])


def test_the_memory_of_an_import_is_seen() -> None:
    with growth() as grown:
        np.ones(1 << 24).sum()
    assert grown() >= 127 << 20


# Many nodes


@hostile(ALL_NODES)
def nodes_of_a_thousand_parts() -> onnx.ModelProto:
    return graph(chain("Softmax", 100, axis=lambda i: 2), [1024, 2])


@hostile(ALL_NODES)
def the_same_node_again_and_again() -> onnx.ModelProto:
    nodes = [node("ArgMax", ["X"], f"v{i}", axis=2) for i in range(200)]
    return graph([*nodes, node("Sum", [f"v{i}" for i in range(200)], "Y")], [1024, 2])


@hostile(ALL_NODES)
def multiples_of_one_matrix() -> onnx.ModelProto:
    nodes = chain("Gemm", 200, "w", alpha=lambda i: 1.0 + i)
    return graph(nodes, [1024], {"w": np.ones((1024, 1024), np.float32)})


@hostile(ALL_NODES)
def wide_rows() -> onnx.ModelProto:
    return graph(chain("Transpose", 20, perm=lambda i: [0, 2, 1]), [1 << 10, 1 << 11])


@hostile(ALL_NODES)
def columns_of_wide_rows() -> onnx.ModelProto:
    nodes = [node("Gather", ["X", "first"], f"v{i}", axis=1) for i in range(1000)]
    return graph(
        [*nodes, node("Concat", [f"v{i}" for i in range(1000)], "Y", axis=1)], [1 << 22], {"first": np.array([0])}
    )


# Constants


@hostile(ALL_NODES)
def sums_of_a_large_constant() -> onnx.ModelProto:
    nodes = [node("ConstantOfShape", ["size"], "c")]
    nodes += [node("ReduceSum", ["c"], f"s{i}") for i in range(500)]
    nodes += [node("Sum", ["X", *(f"s{i}" for i in range(500))], "Y")]
    return graph(nodes, [1], {"size": np.array([1 << 22])})


@hostile(ALL_NODES)
def many_small_constants() -> onnx.ModelProto:
    nodes = [node("Add", ["one" if i == 0 else f"s{i - 1}", "one"], f"s{i}") for i in range(5000)]
    return graph([*nodes, node("Add", ["X", "s4999"], "Y")], [1], {"one": np.float32([1])})


@hostile(ALL_NODES)
def products_of_large_constants() -> onnx.ModelProto:
    ones = numpy_helper.from_array(np.array([1]))
    nodes = [node("ConstantOfShape", ["size"], "c", value=ones), node("MatMul", ["c", "c"], "d")]
    return graph(
        [*nodes, node("ReduceSum", ["d"], "e"), node("Add", ["X", "e"], "Y")],
        [1],
        {"size": np.array([2048, 2048])},
        INT,
    )


@hostile("none of its inputs depends on the rows")
def trees_over_constants() -> onnx.ModelProto:
    one = together(*[stump("BRANCH_LEQ", tree=i) for i in range(100)])
    weights = targets(100, weights=[1.0, 2.0] * 100)
    nodes = [
        node("ConstantOfShape", ["size"], "c"),
        node("TreeEnsembleRegressor", ["c"], "d", ML, n_targets=1, **one, **weights),
        node("ReduceSum", ["d"], "e"),
    ]
    return graph([*nodes, node("Add", ["X", "e"], "Y")], [1], {"size": np.array([100_000, 1])})


@hostile("its constant 'c' is malformed: 2001 texts, of which one has 1000000 characters")
def one_long_text() -> onnx.ModelProto:
    return graph([node("Equal", ["X", "c"], "Y")], [1], {"c": np.array(["x" * 1_000_000, *["a"] * 2000], object)}, TEXT)


@hostile("20001 texts, of which one has 100000 characters")
def one_long_key() -> onnx.ModelProto:
    keys = ["x" * 100_000, *map(str, range(20_000))]
    return graph(
        [node("CategoryMapper", ["X"], "Y", ML, cats_strings=keys, cats_int64s=[*range(20_001)])], [1], {}, TEXT
    )


# One node


@hostile("a row has 65536 parts")
def products_of_many_vectors() -> onnx.ModelProto:
    return graph([node("MatMul", ["X", "w"], "Y")], [1 << 16, 2], {"w": np.ones((2, 1), np.float32)})


@hostile("a row has 65536 parts")
def sums_of_many_groups() -> onnx.ModelProto:
    return graph([node("ReduceLogSumExp", ["X", "axes"], "Y")], [1 << 16, 2], {"axes": np.array([2])})


@hostile("rows of .* have more than 4194304 columns")
def wider_inputs_concatenated() -> onnx.ModelProto:
    return graph([node("FeatureVectorizer", ["X"] * 5000, "Y", ML, inputdimensions=[1 << 20] * 5000)], [1])


@hostile("it makes 1048576000 numbers")
def the_same_input_concatenated() -> onnx.ModelProto:
    return graph([node("Concat", ["X"] * 1000, "Y", axis=1)], [1 << 20])


@hostile("it makes 2147483648 numbers")
def a_column_again_and_again() -> onnx.ModelProto:
    nodes = [node("ConstantOfShape", ["size"], "c", value=numpy_helper.from_array(np.array([0])))]
    return graph([*nodes, node("Gather", ["X", "c"], "Y", axis=1)], [2, 1 << 10], {"size": np.array([1 << 21])})


@hostile("it makes 1052770304 numbers")
def constants_spread_out() -> onnx.ModelProto:
    column = np.ones((1, 2048, 1), np.float32)
    return graph([node("Sum", ["X", *["c"] * 250], "Y")], [2048, 2048], {"c": column})


@hostile("2 values in 4096 columns")
def a_wide_one_hot_code() -> onnx.ModelProto:
    values = {"depth": np.array(4096), "values": np.float32([0, 1])}
    return graph([node("OneHot", ["X", "depth", "values"], "Y")], [512], values, INT)


@hostile("1 n-grams in columns up to 16777215")
def an_n_gram_far_out() -> onnx.ModelProto:
    grams: dict[str, Any] = {"pool_strings": ["a"], "ngram_counts": [0], "ngram_indexes": [(1 << 24) - 1]}
    grams |= {"mode": "TF", "min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0}
    words = node("Tokenizer", ["X"], "t", "com.microsoft", tokenexp="[a-z]+", mark=0, pad_value="", mincharnum=1)
    return graph([words, node("TfIdfVectorizer", ["t"], "Y", **grams)], [1], {}, TEXT)


@hostile("a row has 2000 parts")
def a_set_for_each_feature() -> onnx.ModelProto:
    return trees(together(*[stump("BRANCH_EQ", tree=i, feature=i) for i in range(2000)]), 2000, 2000)


@hostile("feature 1 is compared with 4000 values in 4000 sets")
def a_set_for_each_value() -> onnx.ModelProto:
    return trees(together(*[stump("BRANCH_EQ", tree=i, value=float(i), feature=i % 2) for i in range(8000)]), 2, 8000)


@hostile("200 leaves of 300000 targets")
def leaves_of_many_targets() -> onnx.ModelProto:
    one = together(*[stump("BRANCH_LEQ", tree=i) for i in range(100)])
    weights = targets(100, weights=[1.0, 2.0] * 100, ids=[0, 1] * 100)
    return graph([node("TreeEnsembleRegressor", ["X"], "Y", ML, n_targets=300_000, **one, **weights)], [1])


@hostile("it has 1000 labels; give it 2 to 400")
def pairs_of_many_classes() -> onnx.ModelProto:
    return graph(
        [node("SVMClassifier", ["X"], "Y", ML, classlabels_ints=[*range(1000)], vectors_per_class=[1] * 1000)], [1]
    )


# Shapes


@hostile("100001 dimensions; at most 64 are served")
def a_row_of_many_dimensions() -> onnx.ModelProto:
    return graph([node("Unsqueeze", ["X", "axes"], "Y")], [1], {"axes": np.arange(1, 100_002)})


@hostile("128 dimensions; at most 64 are served")
def a_shape_that_doubles() -> onnx.ModelProto:
    nodes = [node("Shape", ["X"], "v0")]
    nodes += [node("Concat", [f"v{i}", f"v{i}"], f"v{i + 1}", axis=0) for i in range(40)]
    return graph([*nodes, node("Reshape", ["X", "v40"], "Y")], [1])


@hostile("input 'X' cannot be served: rows of .* have more than 4194304 columns")
def an_input_that_is_too_wide() -> onnx.ModelProto:
    return graph([node("Abs", ["X"], "Y")], [1 << 23])


@hostile("it reads 40000 separate columns; at most 32768 are supported")
def many_keys_of_a_map() -> onnx.ModelProto:
    return maps(1, 40_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    message, make = HOSTILE[name]
    data = make().SerializeToString()
    with pytest.raises(UnsupportedError, match=message):
        imported(data)


# Large files that are served, equally fast


def maps(count: int, keys: int = 1) -> onnx.ModelProto:
    """Return a file that reads ``count`` maps."""
    kind = helper.make_map_type_proto(TEXT, helper.make_tensor_type_proto(FLOAT, []))
    words = [[f"{i}.{j}" for j in range(keys)] for i in range(count)]
    nodes = [node("DictVectorizer", [f"m{i}"], f"d{i}", ML, string_vocabulary=words[i]) for i in range(count)]
    graph = model([*nodes, node("Concat", [f"d{i}" for i in range(count)], "Y", axis=1)], {}, {"Y": FLOAT})
    graph.graph.input.extend(helper.make_value_info(f"m{i}", kind) for i in range(count))
    return graph


def many_opsets() -> onnx.ModelProto:
    """Return a file that declares opsets of many domains, and folds constants."""
    nodes = [node("Add", ["one" if i == 0 else f"s{i - 1}", "one"], f"s{i}") for i in range(200)]
    whole = graph([*nodes, node("Add", ["X", "s199"], "Y")], [1], {"one": np.float32([1])})
    whole.opset_import.extend(helper.make_opsetid(f"d{i}", 1) for i in range(20_000))
    return whole


def many_columns_looked_up() -> onnx.ModelProto:
    """Return a file with one large table for each of many columns."""
    keys = [*range(50_000)]
    table = {"keys_int64s": keys, "values_floats": [float(i) for i in keys]}
    return graph([node("LabelEncoder", ["X"], "Y", ML, **table)], [1024], {}, INT)


@pytest.mark.parametrize("make", [lambda: maps(2000), many_opsets, many_columns_looked_up])
def test_large_files_are_served(make: Callable[[], onnx.ModelProto]) -> None:
    assert imported(make().SerializeToString()).outputs
