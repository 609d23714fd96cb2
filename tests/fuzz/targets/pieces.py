"""Kernels of the parts of texts, of single tokens, and of choices."""

from functools import partial

from pretzel.compiler.compile import compile_plan
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.values import Ragged
from pretzel.plan.wire.columns import columns_to_proto
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
_drawn = partial(
    plans.seeds,
    ops.SplitText,
    ops.PickToken,
    ops.CountTokens,
    ops.JoinTokens,
    ops.KeepTokens,
    ops.ChooseTokens,
    ops.UniqueTokens,
    ops.LongestToken,
    ops.ConcatTexts,
    ops.FormatInteger,
    ops.ChooseText,
    ops.TextOfCode,
    ops.Require,
)
TOKENS = ops.Input("x", "str[*]")
OF_TOKENS = (
    ops.StripText(TOKENS, "", "both"),
    ops.SurroundText(TOKENS, "not_", ""),
    ops.ReplaceText(TOKENS, "a", "é"),
    ops.ReplaceMatches(TOKENS, r"[a-e]+", "_"),
    ops.ReplaceMatches(TOKENS, r"\d|th", "_"),
)


def seeds() -> list[bytes]:
    """Return plans of all these operators, and of texts that are made of each token."""
    return [*_drawn(), *map(_joined, OF_TOKENS)]


def _joined(node: Node) -> bytes:
    definition = Definition({"out": ops.JoinTokens(node, "|")})
    compiled = compile_plan(definition)
    columns = columns_to_proto({"x": Ragged.of([["a", " the é "], [], ["", "ab a"]])})
    return plans.packed(compiled.plan, compiled.blobs, columns)
