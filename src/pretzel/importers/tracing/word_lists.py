"""Results of loops over the words of a row: lists of words as tokens, their number, and conditions on some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from pretzel.errors import DefinitionError
from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import word_of
from pretzel.importers.tracing.ending import TraceEnd
from pretzel.importers.tracing.text_values import whole
from pretzel.importers.tracing.values import Value
from pretzel.importers.tracing.word_loops import TOGETHER, Word, WordLoop
from pretzel.importers.tracing.word_tests import (
    FALSE,
    TRUE,
    Formula,
    attributes,
    chosen,
    formula_of,
    is_stop_word_test,
    tree,
    where,
)
from pretzel.plan import ops
from pretzel.plan.graph import rewrite
from pretzel.plan.node import Node

NO_LIST = "a list of words and of other values is not traced"
NO_FUNCTION = "this function of single words is not traced"
METHODS = "use lower, strip, replace, slices and their like"
CHARACTER = "(?s)."
"""The pattern by which a loop over a text yields its characters."""


def collected(items: Sequence[Node | str | None]) -> Node | None:
    """Return the values of a list that a loop over words made as tokens; None if no item was made of a word.

    ``items``: nodes and constant texts; None for anything else.

    Raises:
        TraceEnd: items are made of different loops, by the place of a word, or are constants for some of the words.
    """
    words = [word_of(item) if isinstance(item, Node) else None for item in items]
    first = next((word for word in words if word is not None), None)
    if first is None:
        return None
    loop = first.loop
    loop.check_ended()
    if len(items) == len(loop.words):
        words = list(loop.words)  # one item of each word, constants too
    pairs = [(word, _text(item, word)) for word, item in zip(words, items, strict=True) if word and item is not None]
    if len(pairs) < len(items):
        raise TraceEnd(NO_LIST, TOGETHER)
    _check_repeated(loop, pairs)
    made = {_way(word): word.general(node) for word, node in pairs}
    ways = [(word.read, made.get(_way(word))) for word in loop.words if not word.again]
    branches = tree(ways)
    tokens = kept(loop, where(branches, lambda item: item is not None))
    return _value(branches, loop, tokens)


def _text(item: Node | str, word: Word) -> Node:
    """Return an item of a list; a constant in place of the word."""
    if isinstance(item, Node):
        if word_of(item) not in (word, None):
            raise TraceEnd("a loop over words makes several items of one word", "make one list for each")
        return item
    return ops.SurroundText(ops.SliceText(word.leaf, 0, 0), item, "")


def _way(word: Word) -> tuple[tuple[Node, bool], ...]:
    return tuple(word.read)


def _check_repeated(loop: WordLoop, pairs: Sequence[tuple[Word, Node]]) -> None:
    """Check that the loop made the same of the words of both times."""
    if any(word.loop is not loop for word, _ in pairs):
        raise TraceEnd("a list of the words of several loops is not traced", TOGETHER)
    first, second = (
        [(_way(word), word.general(node)) for word, node in pairs if word.again is time] for time in (False, True)
    )
    if len(first) != len(second) or dict(first) != dict(second):
        raise TraceEnd("what is made of a word depends on the words before it", TOGETHER)
    if len({way for way, _ in first}) < len(first):
        raise TraceEnd("a loop over words makes several items of one word", "make one list for each")


def kept(loop: WordLoop, condition: Formula) -> Node:
    """Return the words of a loop on which a condition holds."""
    tokens = loop.tokens
    for clause in condition:
        if not clause:
            return _none_of(tokens)
        if is_stop_word_test(clause, loop.leaf):
            tokens = ops.FilterTokens(tokens, attributes(clause)["words"])
            continue
        read = tuple(over(literal.read, loop, tokens) for literal in clause)
        tokens = ops.KeepTokens((tokens, *read), **attributes(clause))
    return tokens


def _none_of(tokens: Node) -> Node:
    return ops.KeepTokens((tokens, tokens), ("length",), (True,), ("",), (0,))


def over(node: Node, loop: WordLoop, tokens: Node) -> Node:
    """Return what is made of a word of a loop for each of some tokens.

    Raises:
        TraceEnd: no operator makes it of tokens.
    """
    try:
        whole_texts = rewrite([node], _surrounded)
        lifted = rewrite(whole_texts, lambda part: tokens if part is loop.leaf else None)[0]
    except DefinitionError:
        raise TraceEnd(NO_FUNCTION, METHODS) from None
    if lifted.type != tokens.type:
        raise TraceEnd(NO_FUNCTION, METHODS)
    return lifted


def _surrounded(node: Node) -> Node | None:
    """Return a word between constant texts, which operators of tokens take, in place of texts that are joined."""
    if not isinstance(node, ops.ConcatTexts):
        return None
    constants = [_constant(part) for part in node.parts]
    if constants.count(None) != 1:
        return None
    at = constants.index(None)
    before, after = ("".join(filter(None, some)) for some in (constants[:at], constants[at + 1 :]))
    return ops.SurroundText(node.parts[at], before, after)


def _constant(node: Node) -> str | None:
    """Return the constant that a text is; None if it is none."""
    if not isinstance(node, ops.TextOfCode) or not isinstance(node.codes, ops.Constant):
        return None
    code = int(node.codes.row.array[0])
    return node.table.texts[code] if 0 <= code < len(node.table) else None


def _value(branches: Any, loop: WordLoop, tokens: Node) -> Node:
    """Return the results of a tree for the tokens that it keeps."""
    if not isinstance(branches, tuple):
        return tokens if branches is None else over(branches, loop, tokens)
    condition, true, false = branches
    a, b = _value(true, loop, tokens), _value(false, loop, tokens)
    if a is b or _is_empty(false):
        return a
    return b if _is_empty(true) else _choice(formula_of(condition), a, b, loop, tokens)


def _is_empty(branches: Any) -> bool:
    """Return whether a tree keeps no token."""
    return all(map(_is_empty, branches[1:])) if isinstance(branches, tuple) else branches is None


def _choice(condition: Formula, a: Node, b: Node, loop: WordLoop, tokens: Node) -> Node:
    """Return for each token one of two values."""
    result = a
    for clause in reversed(condition):
        read = tuple(over(literal.read, loop, tokens) for literal in clause)
        result = ops.ChooseTokens((result, b, *read), **attributes(clause))
    return result


def count(tokens: Node) -> Value:
    """Return the number of tokens of each row; of characters by what counts them without listing them."""
    if _is_characters(tokens):
        return whole(ops.MeasureText(tokens.x, "length"))
    if isinstance(tokens, ops.KeepTokens) and tokens.x[1:] == tokens.x[:1] and _is_characters(tokens.x[0]):
        if tokens.tests[0] in ops.strings.OF_CHARACTERS and tokens.negated == (False,):
            return whole(ops.MeasureText(tokens.x[0].x, tokens.tests[0]))
    return whole(ops.CountTokens(tokens))


def is_character(word: Word, node: Node) -> bool:
    """Return whether a node is a word of a loop over the characters of a text."""
    return node is word.leaf and _is_characters(word.loop.tokens)


def _is_characters(tokens: Node) -> TypeGuard[ops.Tokenize]:
    return isinstance(tokens, ops.Tokenize) and tokens.pattern == CHARACTER


def yielded(loop: WordLoop, items: Sequence[tuple[Word, Any]]) -> Any:
    """Return what a loop yields for its words as a tree; None where it yields nothing."""
    _check_repeated(loop, [(word, item if isinstance(item, Node) else loop.leaf) for word, item in items])
    made = {_way(word): word.general(item) if isinstance(item, Node) else item for word, item in items}
    return tree([(word.read, made.get(_way(word))) for word in loop.words if not word.again])


def some_of(items: Sequence[tuple[Word, Any]]) -> Node:
    """Return whether one of the conditions that a loop yields holds.

    ``items``: the words, and for each its condition: True, False or a node.
    """
    loop = items[0][0].loop
    tokens = kept(loop, _holds(yielded(loop, items)))
    return operators.applied(np.greater, (count(tokens), 0)).node


def _holds(branches: Any) -> Formula:
    """Return on which condition a tree has a condition that holds."""
    if isinstance(branches, tuple):
        condition, true, false = branches
        return chosen(formula_of(condition), _holds(true), _holds(false))
    return formula_of(branches) if isinstance(branches, Node) else TRUE if branches else FALSE
