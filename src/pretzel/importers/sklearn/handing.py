"""What a transformer hands to the next step: an array of one element type, or a table of pandas with one per column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils._set_output import _get_output_config

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, served_as

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
    return handed[0] if handed else Columns((refused["transform"],), frame=gives_pandas(transformer))


def gives_pandas(transformer: Any) -> bool:
    """Whether a transformer makes a table of pandas of its result (``set_output``)."""
    return form_given(transformer) == "pandas"


def form_given(transformer: Any) -> str:
    """Return what a transformer makes of its result: ``default``, ``pandas`` or ``polars``."""
    return str(_get_output_config("transform", transformer)["dense"])
