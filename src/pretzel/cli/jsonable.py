"""Convert values of Pretzel to types of JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from pretzel.plan.digest import Digest
from pretzel.plan.hints import Hints
from pretzel.plan.model import Model, ModelDescription, ModelVersion


def plain(value: Any) -> Any:
    """Convert a value to types of JSON."""
    if isinstance(value, Digest):
        return str(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, ModelVersion):
        known = {key: field for key, field in vars(value).items() if field or key != "dropped"}
        return {**known, "metadata": dict(value.metadata)}
    if isinstance(value, Hints):
        return asdict(value)
    if isinstance(value, Model):
        return vars(value)
    if isinstance(value, ModelDescription):
        typed = {"inputs": value.inputs, "outputs": value.outputs, "columns": value.columns}
        return {**vars(value), **{name: _typed(items) for name, items in typed.items()}}
    return str(value)


def _typed(described: Iterable[Any]) -> list[dict[str, Any]]:
    return [{**vars(item), "type": item.type and str(item.type)} for item in described]
