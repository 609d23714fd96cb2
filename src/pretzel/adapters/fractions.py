"""Warnings for fractions in requests to models whose answers are exact for whole numbers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pretzel.adapters.convert import Column
from pretzel.plan.caveats import KEY, warn_of
from pretzel.plan.values import Csr


def warn_of_fractions(columns: Mapping[str, Column], metadata: Mapping[str, Any]) -> None:
    """Warn if a column holds fractions, and answers for them may differ: ``fractions`` in the metadata has the notes.

    Warns:
        AnswersMayDifferWarning: a value is not whole.
    """
    notes = metadata.get("fractions")
    if notes and any(map(_holds_fractions, columns.values())):
        warn_of({KEY: notes})


def _holds_fractions(column: Column) -> bool:
    values = column.data if isinstance(column, Csr) else column
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
        return False
    return bool((np.rint(values) != values)[np.isfinite(values)].any())
