"""Converts X to columns for inputs that are written in short form."""

from dataclasses import dataclass
from typing import Any

from pretzel.adapters.inputs import columns_of
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType

NAN = float("nan")
ROWS = [[1, 2, 3], [4, 5, 6]]


@dataclass
class Takes:
    """The inputs of a model, in short form."""

    inputs: dict[str, str]
    metadata: dict[str, Any]

    def cut(self, X: Any) -> dict[str, Any]:
        described = [InputDescription(name, ValueType.parse(kind)) for name, kind in self.inputs.items()]
        return columns_of(X, described, self.metadata)


def matrix(kind: str = "f64[3]", **metadata: Any) -> Takes:
    return Takes({"X": kind}, {"input_style": "matrix"} | metadata)


TEXTS = Takes({"X": "str"}, {"input_style": "texts"})
FRAME = Takes({"age": "f64", "job": "str"}, {"input_style": "frame", "feature_names": ["age", "skipped", "job"]})
