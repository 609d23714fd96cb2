"""Output of a transformer for the next step: an array of one dtype, or a pandas table with a dtype per column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils._set_output import _get_output_config

from pretzel.errors import UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs, Open
from pretzel.importers.objects import base_of_column, origins, pandas_makes_nan
from pretzel.importers.registry import IMPORTERS, REFUSED, Methods, Step, served_as
from pretzel.plan import ops
from pretzel.plan.node import Node

HandOn = Callable[[Any, Columns, Step], Columns]

HANDING_ON: dict[type, HandOn] = {}
"""The transformers that may pass columns unchanged, so that the next step reads their original types."""

READ_AS_GIVEN: set[type] = set()
"""Steps that leave the dtypes of a polars table unchanged, or pass it to other steps."""

OWN: list[tuple[Callable[[Any], bool], HandOn]] = []
"""The same for classes that users wrote, with the test of a transformer."""


def hands_on(*classes: type) -> Callable[[HandOn], HandOn]:
    """Register a function of (transformer, its input columns, step) that returns the columns for the next step."""

    def register(function: HandOn) -> HandOn:
        HANDING_ON.update(dict.fromkeys(classes, function))
        return function

    return register


def reads_as_given(*classes: type) -> None:
    """Register classes that leave the dtypes of a polars table unchanged, or pass it to other steps."""
    READ_AS_GIVEN.update(classes)


def own_hand_on(is_own: Callable[[Any], bool]) -> Callable[[HandOn], HandOn]:
    """Register the function for transformers of classes that users wrote."""

    def register(function: HandOn) -> HandOn:
        OWN.append((is_own, function))
        return function

    return register


def _own(transformer: Any) -> HandOn | None:
    if served_as(type(transformer)) in IMPORTERS or served_as(type(transformer)) in REFUSED:
        return None
    return next((function for is_own, function in OWN if is_own(transformer)), None)


def hand_on(name: str, transformer: Any, x: Columns, step: Step, width: int | None = None, cut: str = "") -> Columns:
    """Import ``transformer``, the part ``name`` of ``step``, and return its output columns for the next step."""
    function = HANDING_ON.get(served_as(type(transformer))) or _own(transformer)
    path = f"{step.path}.{name}"
    if function is None:
        return _made(path, transformer, step, lambda: step.transform(name, transformer, x, width, cut))
    handed: list[Columns] = []

    def importing(_: Any, inputs: Columns, inner: Step) -> Methods:
        columns = inner.apply(function, inputs)
        if inputs is x:  # a refused step is retried over other columns, to find the cause
            handed.append(columns)
        return {}

    inner = step.inner(name, transformer, width, cut)

    def whole() -> Node:
        methods = step.findings.run(importing, transformer, x, inner)
        if methods and "transform" not in methods:
            raise inner.without_transform(methods)
        return methods.get("transform")  # type: ignore[return-value]  # None if it handed its columns on

    refused = _made(path, transformer, step, whole)
    if not handed:
        return refused
    if gives_pandas(transformer) and pandas_makes_nan():
        _note_tables(handed[0], step.inputs)
    return handed[0]


def _made(path: str, transformer: Any, step: Step, make: Callable[[], Any]) -> Columns:
    """Return the columns of a transformer: those of its node, or those that the findings have for it."""
    try:
        columns = Columns((make(),), frame=gives_pandas(transformer))
    except UnsupportedError:
        if path not in step.findings.tables:
            raise
    else:
        if path not in step.findings.tables:
            return columns
    return step.findings.tables[path]


def _note_tables(columns: Columns, inputs: Inputs) -> None:
    """Record the texts that pandas puts into a table: None becomes NaN there, unless it came in a table of objects."""
    for part in columns.parts:
        if isinstance(part, Open):
            inputs.tabled.add(part.name)
        elif part.type.is_text:
            inputs.tabled.update(name for name, _ in origins(part))
            for column in Columns.of(part).each():
                base = base_of_column(column.texts())
                if isinstance(base, ops.Impute) and not base.missing_none:
                    inputs.framed[base] = base.x


def gives_pandas(transformer: Any) -> bool:
    """Return whether a transformer returns a pandas table (``set_output``)."""
    return form_given(transformer) == "pandas"


def form_given(transformer: Any) -> str:
    """Return the container of a transformer's result: ``default``, ``pandas`` or ``polars``."""
    return str(_get_output_config("transform", transformer)["dense"])
