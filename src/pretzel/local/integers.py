"""Rules for columns of integers and booleans that several steps read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.integers import counts_nullable, is_boolean, is_nullable


def disagree(values: Any, rules: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether steps read a column of nullable integers as different types, or it has missing values."""
    return is_nullable(values) and (values.isna().any() or len(set(map(counts_nullable, rules))) > 1)


def kept_booleans(rules: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> dict[str, np.dtype]:
    """Return the inputs of booleans whose type an output keeps."""
    kept = [rule["inputs"] for rule in rules if rule["how"] == "keep"]
    alike = [names for names in kept if all(is_boolean(columns[name]) for name in names)]
    return {name: np.dtype(bool) for names in alike for name in names}
