"""Operators of a text over each token of lists: cases, cuts, replacements and padding."""

from __future__ import annotations

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import CASES, SIMPLE
from tests.ops.cases import Drawn
from tests.ops.cases.keep_tokens import lists

OPERATOR = ops.JoinTokens


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    node: Node = ops.Input("x", "str[*]")
    for _ in range(draw(st.integers(1, 3))):
        small = draw(st.integers(-3, 3))
        node = draw(
            st.sampled_from(
                [
                    ops.ChangeCase(node, draw(st.sampled_from([*CASES, *SIMPLE]))),
                    ops.StripText(
                        node, draw(st.sampled_from(["", "aé", "."])), draw(st.sampled_from(["left", "both"]))
                    ),
                    ops.SliceText(node, small, small + draw(st.integers(-2, 3))),
                    ops.ReplaceText(node, draw(st.sampled_from(["a", "é", "the"])), draw(st.sampled_from(["", "xyz"]))),
                    ops.ReplaceMatches(node, draw(st.sampled_from([r"[a-e]+", r"\d|th"])), "_"),
                    ops.SurroundText(node, draw(st.sampled_from(["", "not_"])), "é"),
                    ops.PadText(node, 6, "é", draw(st.sampled_from(["left", "right", "both", "sign"]))),
                ]
            )
        )
    return ops.JoinTokens(node, "|"), {"x": draw(lists())}
