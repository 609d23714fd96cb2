"""Errors name the step, its line, the values, what was expected, and what to change."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

from pretzel import flow
from pretzel.errors import DefinitionError

x, sparse, text = flow.numbers(3), flow.sparse(5, "S"), flow.text("T")
one, whole = flow.number("one"), flow.input("whole", "i64[3]")
LEAF = {"feature": [0], "threshold": [0.0], "left": [-1], "right": [-1], "value": [1.0]}


def here(offset=0):
    return f"test_errors.py:{sys._getframe(1).f_lineno + offset}"


def test_an_error_names_its_line_and_those_of_the_values():
    line = here(1)
    value = x.scale(2.0)
    with pytest.raises(DefinitionError) as raised:
        value.linear([1.0, 2.0])
    message = str(raised.value)
    assert message.startswith(f"linear ({here(-2)}): weights: f64[2] does not fit x: f64[3]; ")
    assert f"scale of {line} is f64[3]" in message and "weights is [width] or [width, k] floats" in message
    assert repr(value) == f"<scale of {line}: f64[3]>"


@pytest.mark.parametrize(
    ("attempt", "messages"),
    [
        (lambda: text.word_ngrams(["a"]), ["expected str[*]", "call .tokenize(pattern) on it first"]),
        (lambda: sparse.argmax(), ["expected a dense matrix", "call .densify() on it first"]),
        (lambda: whole.sigmoid(), ["i64[3]", 'call .cast("f64") on it first']),
        (lambda: one.softmax(), ["takes columns", "call .matrix() on it first"]),
        (lambda: x.select([0]).sigmoid_pair(), ["one value per row", "call .column(0) on it first"]),
        (lambda: x + whole, ["f64[3], i64[3]", 'call .cast("f64") on value 2 first']),
        (lambda: x + "a", ["add (", "expected a value of a pipeline or a number, got 'a'"]),
        (lambda: 1.5 * whole, ["multiply (", '1.5 is not i64; call .cast("f64") on <input \'whole\' of']),
        (lambda: text.sigmoid(), ["of str", "describe('link') has all of it"]),
        (lambda: x.apply("liner"), ["operator 'liner' is unknown; expected one of linear"]),
        (lambda: x.apply("linear"), ["'weights' is missing"]),
        (lambda: x.apply("linear", weights=[1.0] * 3, colour=1), ["unknown attribute 'colour'"]),
        (lambda: x.apply("linear", x, weights=[1.0] * 3), ["takes 1 inputs, 2 given"]),
        (lambda: x.apply("linear", weights="abc"), ["weights: expected an array or a list", "put it into a list"]),
        (lambda: flow.concat(x, 3), ["expected values of a pipeline, got int 3"]),
        (lambda: x.linear([["a"]]), ["weights: expected numbers"]),
        (lambda: text.filter_tokens("the"), ["stop_words: expected a list of texts, got 'the'"]),
        (lambda: text.filter_tokens([1]), ["stop_words: expected a list of texts, got 1"]),
        (lambda: x.select([0.5]), ["columns: expected whole numbers"]),
        (lambda: x.select([True, False]), ["columns: expected a mask of 3 columns, got one of 2"]),
        (lambda: x.select([3]), ["expected 0..2"]),
        (lambda: text.one_hot(["a"], unknown="drop"), ["unknown: expected 'ignore' or 'error'"]),
        (lambda: x.one_hot([[1.0]]), ["categories: expected 3 lists, got 1"]),
        (lambda: text.hashing(10, "word"), ["hashing (", "call .tokenize(pattern) on it first"]),
        (lambda: x.trees([]), ["trees: expected at least one tree"]),
        (lambda: x.trees([LEAF, {"feature": [0]}]), ["tree 1: 'threshold' is missing"]),
        (lambda: x.trees([{**LEAF, "value": [1, 2]}]), ["tree 0: 'value' has 2 entries, 'left' 1"]),
        (lambda: x.trees([{**LEAF, "left": [0], "right": [0]}]), ["tree 0: child 0 is not a node of 1, or has two"]),
        (lambda: x.trees([{**LEAF, "feature": [1], "left": [1], "right": [2]}]), ["child 1 is not a node of 1"]),
        (lambda: flow.input("y", "f65"), ["input 'y' (", "type 'f65'"]),
        (lambda: flow.array([1], "f65"), ["type 'f65' is unknown"]),
        (lambda: flow.describe("liner"), ["expected one of linear"]),
        (lambda: flow.table(), ["expected at least one column"]),
        (lambda: flow.table(a="f64[2]"), ["column 'a': expected a type like f64 or str, got 'f64[2]'"]),
        (lambda: flow.table(a="f64")["b"], ["column 'b' is not declared; it has a"]),
        (lambda: flow.pipeline(), ["pipeline (", "no output; name at least one"]),
        (lambda: flow.pipeline(predict=x.node), ["output 'predict': expected a value of a pipeline, got "]),
        (lambda: flow.pipeline(out=text.tokenize()), ["output 'out'", "lists of any length; count or hash"]),
        (lambda: flow.pipeline(a=x, b=flow.numbers(2)), ["input 'X' is declared twice with different types"]),
        (
            lambda: flow.pipeline(predict=one.cast("i64").labels(["a", "b"])),
            ["output 'predict': cast may return codes outside its table of 2 labels; take the codes from .threshold()"],
        ),
        (
            lambda: flow.pipeline(predict=one.threshold().labels(["a", "b"]), predict_proba=one),
            ["output 'predict_proba': predict has 2 labels", "use .sigmoid_pair() of one score"],
        ),
    ],
)  # fmt: skip
def test_a_step_that_does_not_fit(attempt, messages):
    with pytest.raises(DefinitionError) as raised:
        attempt()
    assert all(message in str(raised.value) for message in messages), str(raised.value)


def test_code_does_not_branch_on_values():
    with pytest.raises(TypeError, match=r"has no truth value: it differs by row; use flow.where"):
        bool(x < 3)


def test_a_value_is_not_pickled():
    with pytest.raises(TypeError, match="save the pipeline instead"):
        pickle.dumps(x)


def test_attributes_of_numpy_are_taken():
    assert x.threshold(np.float64(1)).node is x.threshold(1).node
    assert x.column(np.int64(1).item()).node is x.apply("column", index=np.int64(1)).node
    assert x.linear(np.arange(3), in_order=np.bool_(False)).node is x.linear([0.0, 1.0, 2.0]).node
