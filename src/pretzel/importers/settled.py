"""Types of inputs that are known before any step reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pretzel.plan.types import ValueType


@dataclass(frozen=True)
class Settled:
    """Known types of the inputs before any step reads them, from a sample or from the kind of a request."""

    types: Mapping[str, ValueType] = field(default_factory=dict)
    """By name, or by position if ``by_position``."""
    categorical: frozenset[str] = frozenset()
    """The columns that are pandas categories."""
    by_position: bool = False
    """True if each column of an array is an input, named ``0``, ``1``, ..., because their kinds differ."""
    frame: bool | None = None
    """True for a pandas table, False for an array, None if unknown."""
    trial: bool = False
    """True if the definition is only a trial of these types and is discarded."""
    dates: Mapping[str, str] = field(default_factory=dict)
    """The columns of dates or time spans, and their types."""
    text_types: Mapping[str, str] = field(default_factory=dict)
    """The columns of texts of a pandas table, and their types: ``str``, ``object``, ``string``."""
    names: tuple[str, ...] | None = None
    """The names of the columns of a table."""
    single: bool = False
    """True if NumPy converts the table to an array of float32."""
