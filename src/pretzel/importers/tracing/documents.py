"""Functions of one document: tokenizers, preprocessors and analyzers of vectorizers that users wrote."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.findings import DocumentFunction, Refusal, class_name, shown
from pretzel.importers.registry import Step
from pretzel.importers.tracing.branches import backwards, joined, ways
from pretzel.importers.tracing.constants import most_of, texts_of
from pretzel.importers.tracing.ending import TraceEnd, line_of, unknown, where
from pretzel.importers.tracing.marks import forget_marks
from pretzel.importers.tracing.modules import seen, writes_outside
from pretzel.importers.tracing.operators import negated
from pretzel.importers.tracing.random_texts import random_texts
from pretzel.importers.tracing.singles import answered_by, column_of, merged, reason_of
from pretzel.importers.tracing.strings import SymbolicText, opened
from pretzel.importers.tracing.text_values import constant_text, missing
from pretzel.importers.tracing.tokens import SymbolicTokens, tokens_in
from pretzel.importers.tracing.trace import FREE, UntracedError
from pretzel.importers.tracing.word_loops import check_within
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.graph import rewrite
from pretzel.plan.node import Node
from pretzel.plan.reference import evaluate
from pretzel.plan.types import TOKENS

ROWS = 160
INVALID = "np.nan is an invalid document, expected byte or unicode string."
INPUT = ops.Input("X", "str")
DOCUMENT = ops.Require(INPUT, negated(missing(INPUT)), INVALID)
REMEDY = "write it with methods of str, functions of re, and lists of words that are changed and chosen each for itself"
OTHERWISE = {
    "analyzer": "use 'word', 'char' or 'char_wb', and fit again",
    "preprocessor": "use lowercase and strip_accents, and fit again",
    "strip_accents": "use 'ascii' or 'unicode', and fit again",
    "tokenizer": "use token_pattern, and fit again",
}
"""The alternative to a function, by the option that holds it."""


def traced_document(function: Callable[[str], Any], option: str, texts: Node, step: Step, *, tokens: bool) -> Node:
    """Return the text, or the tokens, that a user's function makes of each text.

    Raises:
        UnsupportedError: it cannot be traced or isolated, or the trace differs from it; with the line of its source.
    """
    try:
        result = _trace(function)
        if (result.type == TOKENS) is not tokens:
            raise UntracedError(f"it returns {'a text' if tokens else 'tokens'}", REMEDY)
        _prove(function, result)
    except UntracedError as error:
        setting = f"{option}={shown(function)}"
        remedy = f"{OTHERWISE[option]}; or {error.remedy}{step._aside()}"
        refusal = Refusal(step.path, class_name(step.estimator), setting, error.reason, remedy)
    else:
        return rewrite([result], lambda node: texts if node is INPUT else None)[0]
    present = rewrite([DOCUMENT], lambda node: texts if node is INPUT else None)[0]
    return step.findings.document(DocumentFunction(function, option, present, step, tokens), refusal)


def _trace(function: Callable[[str], Any]) -> Node:
    code = getattr(function, "__code__", None)
    if code is not None and writes_outside(code):
        place = where(code.co_filename, code.co_firstlineno)
        raise UntracedError(f"at {place} it changes names outside of itself", FREE)
    try:
        first = _run(function)
        with backwards():
            second = _run(function)
    except TraceEnd as end:
        at = f"at {line_of(end.__traceback__, code)}, " if code is not None else ""
        raise UntracedError(f"{at}{end.reason}", end.remedy) from None
    except Exception as error:
        at = f"at {line_of(error.__traceback__, code)}, " if code is not None else ""
        raise UntracedError(
            f"{at}it raised {type(error).__name__} over a symbolic text ({error!s:.200})", REMEDY
        ) from error
    if first != second:
        raise UntracedError("two runs of it differ: it has state or is random", FREE)
    return first


def _run(function: Callable[[str], Any]) -> Node:
    forget_marks()
    called = _callable(function)
    found = ways(lambda: _result(called(SymbolicText(DOCUMENT))))
    result = joined(found, merged)
    if isinstance(result, SymbolicTokens):
        check_within(result.node)
    if not isinstance(result, (SymbolicTokens, str)):
        raise unknown(f"a result of type {type(result).__name__} for a text")
    node = result.node if isinstance(result, SymbolicTokens) else column_of(result, DOCUMENT).node
    answered = answered_by(found, DOCUMENT)
    if answered is None:
        return node
    required = ops.Require(DOCUMENT, answered, reason_of(found))
    return rewrite([node], lambda part: required if part is DOCUMENT else None)[0]


def _result(returned: Any) -> Any:
    """Return the text or the words that a function returned."""
    if isinstance(returned, (list, tuple)) and not returned:
        return SymbolicTokens(ops.SplitText(constant_text("", DOCUMENT), ""))
    words = tokens_in(returned)
    return opened(returned) if words is None else words


def _callable(function: Any) -> Callable[..., Any]:
    """Return a function as a trace sees it."""
    called = seen(function, getattr(function, "__name__", "function"), {})
    if called is function and not isinstance(function, types.FunctionType):
        raise unknown(f"{type(function).__name__} {getattr(function, '__name__', '')!r}")
    return called  # type: ignore[no-any-return]


def _prove(function: Callable[[str], Any], result: Node) -> None:
    """Compare the operators with the function on random texts.

    Raises:
        UntracedError: they differ; the message shows the text.
    """
    drawn = random_texts([result], ROWS, np.random.default_rng(0), texts_of(function), most_of(function))
    texts = [text for text in drawn if text is not None]
    definition = Definition({"y": result}, (INPUT,))
    for text in texts:
        try:
            got = evaluate(definition, {"X": [text]})["y"][0]
        except Exception:
            got = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want = function(text)
        except Exception:
            want = None
        if (list(want) if isinstance(want, (list, tuple)) else want) != got:
            reason = f"on {text!r:.60} it returned {want!r:.60}, and its operators {got!r:.60}"
            raise UntracedError(reason, f"{REMEDY}; {FREE}")
