"""Kernels of the operators of single texts, of their parts, and of choices."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.engine.bindings.text import automaton_of, class_table_of, is_run_of
from pretzel.plan import ops
from pretzel.plan.node import Node

BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.ChangeCase: (Binding("change_case", "text.rewrite:ChangeCase"),),
    ops.ReplaceText: (Binding("replace_text", "text.rewrite:ReplaceText"),),
    ops.PadText: (Binding("pad_text", "text.rewrite:PadText"),),
    ops.StripText: (Binding("strip_text", "text.cuts:StripText"),),
    ops.SliceText: (Binding("slice_text", "text.cuts:SliceText"),),
    ops.TestText: (Binding("test_text", "text.measures:TestText"),),
    ops.ParseNumber: (Binding("parse_number", "text.numbers:ParseNumber"),),
    ops.MeasureText: (Binding("measure_text", "text.measures:MeasureText"),),
    ops.ReplaceMatches: (
        Binding(
            "replace_matches", "text.substitute:Substitute", takes=is_run_of, derive=class_table_of, drop=("pattern",)
        ),
        Binding(
            "replace_matches.automaton",
            "text.substitute:Substitute",
            takes=lambda node: not is_run_of(node),
            derive=automaton_of,
            drop=("pattern",),
        ),
    ),
    ops.ConcatTexts: (Binding("concat_texts", "text.choices:ConcatTexts"),),
    ops.FormatInteger: (Binding("format_integer", "text.choices:FormatInteger"),),
    ops.ChooseText: (Binding("choose_text", "text.choices:ChooseText"),),
    ops.TextOfCode: (Binding("text_of_code", "text.choices:TextOfCode"),),
    ops.Require: (Binding("require", "text.choices:Require"),),
    ops.SplitText: (Binding("split_text", "text.tokens:SplitText"),),
    ops.PickToken: (Binding("pick_token", "text.tokens:PickToken"),),
    ops.CountTokens: (Binding("count_tokens", "text.tokens:CountTokens"),),
    ops.JoinTokens: (Binding("join_tokens", "text.tokens:JoinTokens"),),
}
