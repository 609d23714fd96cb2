"""A traced function as a step of a model: placeholders for its input, the proof, and its operators over the input."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pretzel.importers.columns import Columns, Part
from pretzel.importers.date_inputs import form_of, note_units, ticks_of
from pretzel.importers.findings import Refusal, class_name, refused, shown
from pretzel.importers.given_forms import note_forms
from pretzel.importers.inputs import Computed, Open, UnreadableError
from pretzel.importers.objects import note_numbers
from pretzel.importers.registry import Step
from pretzel.importers.rounding import note_jumps
from pretzel.importers.tracing.forms import refused_forms
from pretzel.importers.tracing.other_tables import rules_of
from pretzel.importers.tracing.proof import prove
from pretzel.importers.tracing.random_rows import own_type
from pretzel.importers.tracing.text_values import HoldsTextsError
from pretzel.importers.tracing.trace import Given, Result, UntracedError, trace
from pretzel.importers.tracing.whole import note_whole
from pretzel.plan import ops
from pretzel.plan.graph import rewrite, topological
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

TEXTS = "compute texts before the model: functions are traced over numbers"


def traced(
    function: Callable[..., Any], option: str, arguments: Mapping[str, Any] | None, x: Columns, step: Step
) -> Columns:
    """Return the columns that a user's function returns for ``x``.

    ``option``: the option of the step that holds it, for messages.

    Raises:
        UnsupportedError: it cannot be traced, or the trace differs from it; with the line of its source.
    """
    try:
        parts, given = _given(x, step)
    except UnreadableError as error:
        raise _refused(step, option, function, UntracedError(f"it is given texts ({error})", TEXTS)) from None
    try:
        result, given = _proved(function, dict(arguments or {}), given)
    except UntracedError as error:
        others = [node for node in given.inputs if not _is_date(node, given) and not node.type.is_text]
        if not step.inputs.trial or all(node.type.is_float for node in others):
            if given.unknown:
                error = UntracedError(error.reason, f"{error.remedy}; give a sample if columns are texts, or a table")
            raise _refused(step, option, function, error) from None
        return traced(function, option, arguments, _as_floats(parts, x, step), step)
    refused = _forms_of(function, dict(arguments or {}), given, result)
    for rule in _rules_of(function, dict(arguments or {}), given, result):
        if x.further or rule != "others":
            step.inputs.metadata[rule] = "refused"
    return _over(parts, given, result, refused, step)


def _is_date(node: ops.Input, given: Given) -> bool:
    return node.column in dict(given.dates)


def _proved(function: Callable[..., Any], arguments: dict[str, Any], given: Given) -> tuple[Result, Given]:
    """Return a proved trace, and what it was given: columns of unknown type may be texts, and those lists or series."""
    if given.names is not None or not given.vector:
        return _proved_with_texts(function, arguments, given)
    texts = given.with_texts(given.inputs[0].column) if given.unknown else given
    forms = [given, texts, replace(texts, names=(None,))] if given.unknown else [given]
    if given.inputs[0].type.is_text:
        forms = [given, replace(given, names=(None,))]
    errors = []
    for form in forms:
        try:
            return _proved_with_texts(function, arguments, form)
        except UntracedError as error:
            errors.append(error)
    raise next((error for error in errors[::-1] if "AttributeError" not in error.reason), errors[-1])


def _proved_with_texts(function: Callable[..., Any], arguments: dict[str, Any], given: Given) -> tuple[Result, Given]:
    while True:
        try:
            return _proved_as(function, arguments, given), given
        except HoldsTextsError as error:
            given = given.with_texts(error.column)


def _proved_as(function: Callable[..., Any], arguments: dict[str, Any], given: Given) -> Result:
    result = trace(function, arguments, given)
    try:
        types = _prove_once(function, tuple(sorted(arguments.items())), given, result)
    except TypeError:  # an argument that has no hash
        types = prove(functools.partial(function, **arguments), given, result)
    return replace(result, types=types)


@functools.lru_cache(maxsize=64)
def _prove_once(
    function: Callable[..., Any], arguments: tuple[tuple[str, Any], ...], given: Given, result: Result
) -> tuple[str, ...] | None:
    """Prove a trace that each variant of a model repeats."""
    return prove(functools.partial(function, **dict(arguments)), given, result)


def _forms_of(
    function: Callable[..., Any], arguments: dict[str, Any], given: Given, result: Result
) -> Mapping[str, tuple[str, ...]]:
    try:
        return _forms_once(function, tuple(sorted(arguments.items())), given, result)
    except TypeError:  # an argument that has no hash
        return refused_forms(functools.partial(function, **arguments), given, result)


@functools.lru_cache(maxsize=64)
def _forms_once(
    function: Callable[..., Any], arguments: tuple[tuple[str, Any], ...], given: Given, result: Result
) -> Mapping[str, tuple[str, ...]]:
    return refused_forms(functools.partial(function, **dict(arguments)), given, result)


def _rules_of(function: Callable[..., Any], arguments: dict[str, Any], given: Given, result: Result) -> frozenset[str]:
    try:
        return _rules_once(function, tuple(sorted(arguments.items())), given, result)
    except TypeError:  # an argument that has no hash
        return rules_of(functools.partial(function, **arguments), given, result)


@functools.lru_cache(maxsize=64)
def _rules_once(
    function: Callable[..., Any], arguments: tuple[tuple[str, Any], ...], given: Given, result: Result
) -> frozenset[str]:
    return rules_of(functools.partial(function, **dict(arguments)), given, result)


def _as_floats(parts: list[Part], x: Columns, step: Step) -> Columns:
    """Return the columns of a trial as floats, and record that the function does not take integers."""
    nodes = [part if isinstance(part, Open) or part.type.is_text else _as_float(part, step) for part in _closed(parts)]
    return replace(x, parts=tuple(nodes))


def _closed(parts: list[Part]) -> list[Part]:
    numbers = [isinstance(part, Open) and not form_of(part) and not _kind(part).is_text for part in parts]
    return [part.settle("f64") if whole else part for part, whole in zip(parts, numbers, strict=True)]  # type: ignore[union-attr]


def _as_float(node: Node, step: Step) -> Node:
    if node.type.is_float:
        return node
    step.inputs.computed.append(Computed(node, (), by_column=True, strict=True, reader=step.path))
    return ops.Cast(node, "f64")


def _refused(step: Step, option: str, function: Any, error: UntracedError) -> Exception:
    setting = f"{option}={shown(function)}"
    remedy = error.remedy + step._aside()
    return refused(Refusal(step.path, class_name(step.estimator), setting, error.reason, remedy))


def _given(x: Columns, step: Step) -> tuple[list[Part], Given]:
    """Return the parts of the input, and a placeholder for each."""
    names, vector = _fitted_on(x, step.estimator)
    if names is None and vector and len(x.parts) == 1 and _is_unsettled_or_text(x.parts[0]):
        part = x.parts[0]
        node = _placeholder("X", "str" if _kind(part).is_text else "f64")
        of_texts = (("X", kind),) if (kind := _text_type(part)) else ()
        return [part], Given((node,), None, vector, _unknown([part], [node]), text_types=of_texts)
    if names is None:
        array = x.array()
        width = None if vector else array.type.columns
        return [array], Given((_placeholder("X", array.type.dtype, width),), None)
    parts = [columns.parts[0] for columns in x.each()]
    kinds = [_kind(part) for part in parts]
    inputs = tuple(_placeholder(str(name), kind.dtype) for name, kind in zip(names, kinds, strict=True))
    dates = tuple((str(name), form) for name, part in zip(names, parts, strict=True) if (form := form_of(part)))
    types = tuple((str(name), kind) for name, part in zip(names, parts, strict=True) if (kind := _text_type(part)))
    return parts, Given(inputs, tuple(names), vector, _unknown(parts, inputs), dates, types)


def _text_type(part: Part) -> str:
    """Return the type of a column of texts, if a sample shows another than pandas' own."""
    kind = part.inputs.text_types.get(part.name, "") if isinstance(part, Open) and _kind(part).is_text else ""
    return kind if kind != own_type() else ""


def _is_unsettled_or_text(part: Part) -> bool:
    return _kind(part).is_text or bool(_unknown([part], [_placeholder("X", "f64")]))


def _unknown(parts: Sequence[Part], inputs: Sequence[ops.Input]) -> frozenset[str]:
    """Return the placeholders of columns that may hold numbers or texts."""
    return frozenset(
        node.column
        for part, node in zip(parts, inputs, strict=True)
        if isinstance(part, Open) and part.positions is None and part.name not in part.inputs.types
        if not node.type.is_text and part.width is None and not form_of(part)
    )


def _fitted_on(x: Columns, estimator: Any) -> tuple[tuple[str, ...] | None, bool]:
    """Return the names of the table that a function was fitted on, if it was one, and whether it was one column of it.

    A function gets what its step was fitted on, whatever a client sends.
    """
    names = getattr(estimator, "feature_names_in_", None)
    own = not hasattr(estimator, "func") and not hasattr(estimator, "inverse_func")
    unfitted = names is None and not hasattr(estimator, "n_features_in_")
    vector = unfitted and x.width == 1 and (own or hasattr(estimator, "func"))
    if names is None and (vector or x.frame or (own and unfitted)):
        names = x.names if not getattr(estimator, "validate", False) else None
    if names is None or getattr(estimator, "validate", False) or len(names) != x.width:
        return None, vector
    return tuple(map(str, names)), vector


def _placeholder(name: str, dtype: str, width: int | None = None) -> ops.Input:
    node = ops.Input(name, str(ValueType(dtype, width)))
    assert isinstance(node, ops.Input)
    return node


def _kind(part: Part) -> ValueType:
    """Return the type of a column; numbers are float64 until known."""
    if isinstance(part, Node):
        return part.type
    if form_of(part):
        return ValueType("i64")
    if part.name in part.inputs.dates or part.name in part.inputs.categorical:
        return ValueType("str")
    return part.inputs.types.get(part.name) or ValueType("f64")


def _over(
    parts: list[Part], given: Given, result: Result, refused: Mapping[str, tuple[str, ...]], step: Step
) -> Columns:
    """Return the columns of a trace over the input itself; those that nothing read are passed on as they are."""
    place: dict[Node, Part] = dict(zip(given.inputs, parts, strict=True))
    computed = [node for node in result.parts if node not in place]
    read = [node for node in topological(computed) if node in place]
    settled = {node: _settled(place[node], node) for node in read}
    rewritten = iter(rewrite(computed, lambda node: settled.get(node)))
    columns = [place[node] if node in place else next(rewritten) for node in result.parts]
    nodes = [part for part in columns if isinstance(part, Node)]
    note_units(nodes, step.inputs)
    if result.by_pandas and given.names is not None:
        _note_text_types([part for part in map(place.get, read) if isinstance(part, Open)], step)
    for placeholder in given.inputs:
        if placeholder in settled:
            note_forms(settled[placeholder], refused.get(placeholder.column, ()), step.inputs)
    note_numbers([settled[node] for node in read if node.type.is_float], step.inputs)
    note_jumps(nodes, list(settled.values()), step)
    if step.inputs.trial:
        note_whole(nodes, step.inputs, step.path, by_column=given.names is not None)
    names = tuple(map(str, result.names)) if result.names is not None and not result.vector else None
    return Columns(tuple(columns), names, frame=names is not None, types=result.types)


def _note_text_types(read: Sequence[Open], step: Step) -> None:
    """Record for clients the types of columns whose texts pandas computes with, as the proof had them."""
    types = {part.name: _text_type(part) or own_type() for part in read if _kind(part).is_text}
    if types := {**step.inputs.metadata.get("text_types", {}), **types}:
        step.inputs.metadata["text_types"] = types


def _settled(part: Part, placeholder: Node) -> Node:
    """Return a column as the placeholder is: a matrix, or one number per row."""
    if isinstance(part, Open) and form_of(part):
        return ticks_of(part)
    node = part.settle("str" if placeholder.type.is_text else "f64") if isinstance(part, Open) else part
    if placeholder.type.width is not None:
        return node if node.type.width is not None else ops.Concat((node,))
    if node.type.layout == "sparse":
        node = ops.Densify(node)
    if node.type.width is None:
        return node
    return ops.Column(node.x, int(node.columns.array[0])) if isinstance(node, ops.Select) else ops.Column(node, 0)
