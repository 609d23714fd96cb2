"""Kernels of the operators of single texts, of their parts, and of choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.bindings.text import automaton_of, class_table_of, dictionary, is_run_of
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TOKENS


def _of_texts(node: Node) -> bool:
    return node.type != TOKENS


def _of_tokens(node: Node) -> bool:
    return node.type == TOKENS


def _both(kernel: str, target: str, of_tokens: str) -> tuple[Binding, ...]:
    """Return the kernels of an operator over texts, and over each token of lists."""
    return (
        Binding(kernel, target, takes=_of_texts),
        Binding(f"{kernel}.tokens", f"text.each_token:{of_tokens}", takes=_of_tokens),
    )


def _substitutes(
    kernel: str, takes: Callable[[Node], bool], derive: Callable[[Node], Mapping[str, Parameter]]
) -> tuple[Binding, ...]:
    return tuple(
        Binding(
            kernel + suffix,
            target,
            takes=lambda node, of=of: of(node) and takes(node),  # type: ignore[misc]
            derive=derive,
            drop=("pattern",),
        )
        for suffix, target, of in (
            ("", "text.substitute:Substitute", _of_texts),
            (".tokens", "text.each_token:SubstituteInTokens", _of_tokens),
        )
    )


def _members(node: Node) -> Mapping[str, Parameter]:
    words = node.parameters.get("words")
    return {} if words is None else dictionary(words)


def _numbers(node: Node) -> Mapping[str, Parameter]:
    return {**dictionary(node.parameters["keys"]), "numbers": node.parameters["numbers"]}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.ChangeCase: _both("change_case", "text.rewrite:ChangeCase", "ChangeCaseOfTokens"),
    ops.ReplaceText: _both("replace_text", "text.rewrite:ReplaceText", "ReplaceInTokens"),
    ops.PadText: _both("pad_text", "text.rewrite:PadText", "PadTokens"),
    ops.SurroundText: _both("surround_text", "text.rewrite:SurroundText", "SurroundTokens"),
    ops.StripText: _both("strip_text", "text.cuts:StripText", "StripTokens"),
    ops.SliceText: _both("slice_text", "text.cuts:SliceText", "SliceTokens"),
    ops.TestText: (Binding("test_text", "text.measures:TestText"),),
    ops.ParseNumber: (Binding("parse_number", "text.numbers:ParseNumber"),),
    ops.MeasureText: (Binding("measure_text", "text.measures:MeasureText"),),
    ops.ReplaceMatches: (
        *_substitutes("replace_matches", is_run_of, class_table_of),
        *_substitutes("replace_matches.automaton", lambda node: not is_run_of(node), automaton_of),
    ),
    ops.ConcatTexts: (Binding("concat_texts", "text.choices:ConcatTexts"),),
    ops.FormatInteger: (Binding("format_integer", "text.choices:FormatInteger"),),
    ops.ChooseText: (
        Binding("choose_text", "text.choices:ChooseText", takes=_of_texts),
        Binding("choose_text.tokens", "text.token_lists:ChooseLists", takes=_of_tokens),
    ),
    ops.TextOfCode: (Binding("text_of_code", "text.choices:TextOfCode"),),
    ops.Require: (Binding("require", "text.choices:Require"),),
    ops.SplitText: (Binding("split_text", "text.tokens:SplitText"),),
    ops.PickToken: (Binding("pick_token", "text.tokens:PickToken"),),
    ops.CountTokens: (Binding("count_tokens", "text.tokens:CountTokens"),),
    ops.LongestToken: (Binding("longest_token", "text.token_sums:LongestToken"),),
    ops.SumTokens: (Binding("sum_tokens", "text.token_sums:SumTokens", derive=_numbers),),
    ops.JoinTokens: (Binding("join_tokens", "text.tokens:JoinTokens"),),
    ops.KeepTokens: (Binding("keep_tokens", "text.token_tests:KeepTokens", derive=_members),),
    ops.ChooseTokens: (Binding("choose_tokens", "text.token_tests:ChooseTokens", derive=_members),),
    ops.UniqueTokens: (Binding("unique_tokens", "text.token_lists:UniqueTokens"),),
}
