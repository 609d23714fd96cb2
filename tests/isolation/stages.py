"""Python stages made by hand, as a plan has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from pretzel.importers.isolated.pickling import pickled
from pretzel.isolation.stages import OpenStage, PythonStages
from pretzel.plan.types import ValueType

ARRAY = {"form": "array", "dtypes": ["float64"]}
ROWS = np.arange(6.0).reshape(3, 2)


def opened(
    stages: PythonStages,
    function: Callable[[Any], Any],
    gives: Sequence[str] = ("f64[2]",),
    takes: dict[str, Any] = ARRAY,
    reads: Sequence[str] = ("f64[2]",),
    **changes: Any,
) -> OpenStage:
    """Return the stage of a function of two columns."""
    made = pickled(function)
    about = {"path": "pipeline.own", "method": "", "takes": json.dumps(takes), "gives": tuple(gives), "part": 0}
    about |= {"python": made.python, "packages": made.packages} | changes
    return stages.open(SimpleNamespace(attributes=about), made.code, list(map(ValueType.parse, reads)))
