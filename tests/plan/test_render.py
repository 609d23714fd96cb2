"""The text form parses back to the same definition, and errors name their line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.render import by_digest, parse, render

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
floats = st.floats(width=64)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Chains with every kind of field: text, tuple of nodes, optional and plain parameters, special floats."""
    width = draw(st.integers(1, 4))
    values = st.lists(floats, min_size=width, max_size=width).map(Parameter.of)
    text = ops.Input(draw(texts), "str")
    numbers = ops.Input("numbers" + draw(texts), f"f64[{width}]")
    nodes: list[Node] = [numbers]
    for _ in range(draw(st.integers(0, 5))):
        x = draw(st.sampled_from(nodes))
        nodes.append(
            draw(
                st.one_of(
                    st.builds(ops.Affine, st.just(x), values, st.none() | values),
                    st.builds(ops.Standardize, st.just(x), st.none() | values, st.none() | values),
                    st.builds(ops.Impute, st.just(x), values, floats, st.none() | texts),
                    st.builds(ops.RequireFinite, st.just(x), texts, st.booleans()),
                )
            )
        )
    counts = ops.CountNgrams(ops.Tokenize(text, draw(texts)), Parameter.strings(draw(st.lists(texts))), "word", 1, 2)
    outputs = {draw(texts): ops.Concat(tuple(nodes)), "n" + draw(texts): counts, "m": nodes[-1]}
    metadata = draw(
        st.dictionaries(texts, st.none() | st.integers(-(2**63), 2**63 - 1) | texts | st.lists(texts), max_size=3)
    )
    unread = (ops.Input("unread", "i64"),) if draw(st.booleans()) else ()
    return Definition(outputs, unread, metadata)


@given(definitions())
def test_a_definition_round_trips_through_its_text(definition: Definition) -> None:
    text = render(definition)
    back = parse(text, by_digest(definition.parameters.values()))
    assert back.outputs == definition.outputs
    assert back.inputs == definition.inputs
    assert back.metadata == definition.metadata
    assert back.digest == definition.digest
    assert render(back) == text


W = Parameter.of(np.array([1.0, 2.0]))


def test_lines_have_the_documented_form() -> None:
    x = ops.Input("x", "f64[2]")
    definition = Definition({"y": ops.Linear(ops.Standardize(x, None, W), W)})
    short = W.digest.short
    assert render(definition).splitlines() == [
        '%0 = input column="x" kind="f64[2]" : f64[2]',
        f"%1 = standardize %0 scale=@{short}:f64[2] : f64[2]",
        f"%2 = linear %1 weights=@{short}:f64[2] : f64",
        'output "y" = %2',
    ]


def test_names_are_arbitrary_and_types_optional() -> None:
    text = """
    # a comment
    %x = input column="x" kind="f64[2]"
    %scores = linear %x weights=@w
    output "y" = %scores
    """
    definition = parse(text, {"w": W})
    assert definition.outputs["y"] is ops.Linear(ops.Input("x", "f64[2]"), W)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2: expected `%name = operator"),
        ("%1 = unheard_of %0", "unknown operator 'unheard_of'"),
        ("%1 = linear %7 weights=@w", "'%7' is not defined above"),
        ("%1 = linear %1 weights=@w", "'%1' is not defined above"),
        ("%0 = linear %0 weights=@w", "%0 is defined twice"),
        ("%1 = linear %0 weights=@v", "parameter '@v' was not given"),
        ("%1 = linear %0 weights=@w:f64[3]", "is given as"),
        ("%1 = linear %0 weights=@w : f64[9]", "the line has type f64[9], the operator returns f64"),
        ("%1 = linear %0 %0 weights=@w", "takes 1 inputs, 2 given"),
        ("%1 = linear %0", "'weights' is missing"),
        ("%1 = linear %0 weights=@w colour=3", "unknown attribute 'colour'"),
        ("%1 = linear %0 weights=3", "expected Parameter, got int"),
        ("%1 = require_finite %0 owner=[1", "expected a JSON value"),
        ("%1 = require_finite %0 owner=" + "[" * 100_000, "expected a JSON value"),
        ("output y = %0", "expected a JSON value"),
        ('output "y" = %9', "'%9' is not defined above"),
        ('metadata {"a": 1} more', "unexpected ' more'"),
    ],
)
def test_an_invalid_line_is_rejected_with_its_number(line: str, message: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        parse(f'%0 = input column="x" kind="f64[2]"\n{line}\noutput "z" = %0', {"w": W})
    assert str(refusal.value).startswith("line 2: ")
    assert message in str(refusal.value)


def test_a_text_without_an_output_is_rejected() -> None:
    with pytest.raises(DefinitionError, match="no output"):
        parse('%0 = input column="x" kind="f64[2]"')


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    for attempt in (text, f"%0 = {text}", f'%0 = input column="x" kind="f64"\n%1 = linear %0 {text}'):
        with pytest.raises(DefinitionError):
            parse(attempt)
