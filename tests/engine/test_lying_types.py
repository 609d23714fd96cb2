"""A plan with false types is rejected when it is loaded: a kernel that reads a number as a text would crash."""

from __future__ import annotations

import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.engine import load
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.encoding import decode, encode
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan

TEXT = ops.Input("text", "str")
TOKENS = ops.Tokenize(TEXT, r"(?u)\b\w\w+\b")
WORDS = Parameter.strings(["aa", "bb"])
NODES: dict[str, Node] = {
    "lowercase": ops.Lowercase(TEXT),
    "tokenize": ops.CountNgrams(TOKENS, WORDS, "word", 1, 1),
    "count_ngrams": ops.CountNgrams(TEXT, WORDS, "char", 1, 2),
    "lookup": ops.Lookup(TEXT, WORDS, -1, -1, False, "0"),
}


@pytest.mark.parametrize("wrong", ["f64", "f64[0]", "i64", "str[2]"])
@pytest.mark.parametrize("name", NODES)
def test_numbers_in_place_of_texts_are_rejected(name: str, wrong: str) -> None:
    compiled = compile_plan(Definition({"transform": NODES[name]}))
    tree = decode(compiled.plan.encoded)
    assert tree["inputs"][0][1] == "str"
    tree["inputs"][0][1] = wrong
    with pytest.raises(DefinitionError, match="expected dense str"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)


@pytest.mark.parametrize("name", NODES)
def test_a_stage_without_inputs_is_rejected(name: str) -> None:
    compiled = compile_plan(Definition({"transform": NODES[name]}))
    tree = decode(compiled.plan.encoded)
    tree["stages"][0]["inputs"] = []
    with pytest.raises(DefinitionError, match="it reads nothing"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)


def test_ngrams_of_negative_length_are_rejected() -> None:
    compiled = compile_plan(Definition({"transform": NODES["count_ngrams"]}))
    tree = decode(compiled.plan.encoded)
    (stage,) = tree["stages"]
    stage["attributes"]["low"] = -1
    with pytest.raises(DefinitionError, match="1 <= low"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)
