"""Kernels of the text family."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.regex.automaton import automaton, is_run
from pretzel.plan.regex.pattern import class_run, class_table

LINE = 64


def dictionary(strings: Parameter) -> Mapping[str, Parameter]:
    """Build a lookup table of strings."""
    terms = importlib.import_module("pretzel.kernels.text.terms")
    table, heap = terms.build(strings.offsets, strings.utf8)
    return {"table": _in_lines(Parameter.of(table)), "heap": Parameter.of(heap)}


def _in_lines(parameter: Parameter) -> Parameter:
    """Return the parameter in memory aligned to a cache line, as in a mapped object: a bucket is a line."""
    memory = np.empty(parameter.nbytes + LINE, np.uint8)
    first = -memory.ctypes.data % LINE
    placed = memory[first : first + parameter.nbytes]
    placed[:] = np.frombuffer(parameter.blob, np.uint8)
    parameter.blob = placed.data.toreadonly()
    return parameter


def is_run_of(node: Node) -> bool:
    """Return whether the pattern of a node is a run of one class of characters."""
    return is_run(cast(ops.Tokenize | ops.ReplaceMatches, node).pattern)


def class_table_of(node: Node) -> Mapping[str, Parameter]:
    """Compile a token pattern to a run over a table of characters."""
    assert isinstance(node, (ops.Tokenize, ops.ReplaceMatches))
    run = class_run(node.pattern)
    index, blocks = class_table(node.pattern)
    numbers = np.array([run.low, run.high, run.lead, run.trail], np.int64)
    return {"run": Parameter.of(numbers), "index": Parameter.of(index), "blocks": Parameter.of(blocks)}


def automaton_of(node: Node) -> Mapping[str, Parameter]:
    """Compile any other token pattern to the tables of an automaton."""
    assert isinstance(node, (ops.Tokenize, ops.ReplaceMatches))
    try:
        tables = automaton(node.pattern)
    except ValueError as error:
        raise node.fail(str(error)) from None
    arrays = {part.name: getattr(tables, part.name) for part in fields(tables) if part.name != "grouped"}
    arrays["grouped"] = np.array([tables.grouped])
    return {name: Parameter.of(array) for name, array in arrays.items()}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Lowercase: (Binding("lowercase", "text.lowercase:Lowercase"),),
    ops.StripAccents: (Binding("strip_accents", "text.strip_accents:StripAccents"),),
    ops.Tokenize: (
        Binding("tokenize", "text.tokenize:Tokenize", takes=is_run_of, derive=class_table_of, drop=("pattern",)),
        Binding("tokenize.automaton", "text.match:Match", derive=automaton_of, drop=("pattern",)),
    ),
    ops.FilterTokens: (
        Binding(
            "filter_tokens",
            "text.filter_tokens:FilterTokens",
            derive=lambda node: dictionary(node.parameters["stop_words"]),
        ),
    ),
    ops.CountNgrams: (
        Binding(
            "count_ngrams",
            "text.count_ngrams:CountNgrams",
            derive=lambda node: dictionary(node.parameters["vocabulary"]),
        ),
    ),
    ops.HashNgrams: (Binding("hash_ngrams", "text.hash_ngrams:HashNgrams"),),
    ops.HashFeatures: (Binding("hash_features", "text.features:HashFeatures"),),
    ops.LookupFeatures: (
        Binding(
            "lookup_features",
            "text.features:LookupFeatures",
            derive=lambda node: dictionary(node.parameters["vocabulary"]),
        ),
    ),
}
