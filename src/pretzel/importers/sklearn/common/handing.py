"""What a transformer hands to the next step: an array of one element type, or a table of pandas with one per column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils._set_output import _get_output_config

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs, Open
from pretzel.importers.objects import base_of_column, origins, pandas_makes_nan
from pretzel.importers.registry import Methods, Step, served_as
from pretzel.plan import ops

HandOn = Callable[[Any, Columns, Step], Columns]

HANDING_ON: dict[type, HandOn] = {}
"""The transformers that hand on columns as they were given, whose types then count."""


def hands_on(*classes: type) -> Callable[[HandOn], HandOn]:
    """Register a function of (transformer, what it is given, where it stands) that returns what the next step reads."""

    def register(function: HandOn) -> HandOn:
        HANDING_ON.update(dict.fromkeys(classes, function))
        return function

    return register


def hand_on(name: str, transformer: Any, x: Columns, step: Step, width: int | None = None, cut: str = "") -> Columns:
    """Import ``transformer``, a part of ``step`` under ``name``, for what the next step reads of its ``transform``."""
    function = HANDING_ON.get(served_as(type(transformer)))
    if function is None:
        return Columns((step.transform(name, transformer, x, width, cut),), frame=gives_pandas(transformer))
    handed: list[Columns] = []

    def importing(_: Any, given: Columns, inner: Step) -> Methods:
        columns = inner.apply(function, given)
        if given is x:  # a refused step is tried again over other columns, to find out why
            handed.append(columns)
        return {}

    refused = step.findings.run(importing, transformer, x, step.inner(name, transformer, width, cut))
    if not handed:
        return Columns((refused["transform"],), frame=gives_pandas(transformer))
    if gives_pandas(transformer) and pandas_makes_nan():
        _note_tables(handed[0], step.inputs)
    return handed[0]


def _note_tables(made: Columns, inputs: Inputs) -> None:
    """Record of which texts pandas makes a table: None is NaN there, unless it came in a table of objects."""
    for part in made.parts:
        if isinstance(part, Open):
            inputs.tabled.add(part.name)
        elif part.type.is_text:
            inputs.tabled.update(name for name, _ in origins(part))
            for column in Columns.of(part).each():
                base = base_of_column(column.texts())
                if isinstance(base, ops.Impute) and not base.missing_none:
                    inputs.framed[base] = base.x


def gives_pandas(transformer: Any) -> bool:
    """Whether a transformer makes a table of pandas of its result (``set_output``)."""
    return form_given(transformer) == "pandas"


def form_given(transformer: Any) -> str:
    """Return what a transformer makes of its result: ``default``, ``pandas`` or ``polars``."""
    return str(_get_output_config("transform", transformer)["dense"])
