"""Options of a deployment that a client may choose, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from pretzel.compiler.optimize.weights import FORMS
from pretzel.errors import InputError


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one deployment."""

    weights: str = "exact"
    """Format of the weights of large products: exact, f32, f16 or sparse; see `optimize/weights.py`."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the options of a request.

        Raises:
            InputError: a name or a value is unknown; the message lists the valid ones.
        """
        names = [field.name for field in fields(cls)]
        for name in sorted(values.keys() - {*names}):
            raise InputError(f"option {name!r:.80} is unknown; expected one of {', '.join(names)}")
        options = cls(**values)
        if options.weights not in FORMS:
            raise InputError(f"option 'weights': expected one of {', '.join(FORMS)}, got {options.weights!r:.80}")
        return options
