"""A pipeline of the demo: its name, the fitted estimator, and real rows that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")


@dataclass(frozen=True, slots=True)
class Trained:
    """One fitted pipeline."""

    name: str
    family: str
    """Its training data, by which the report groups it."""
    estimator: Any
    rows: Any
    """Unseen rows in the form the estimator takes."""

    @property
    def methods(self) -> list[str]:
        """The methods to compare."""
        return [method for method in METHODS if hasattr(self.estimator, method)]

    def head(self, count: int) -> Any:
        """Return the first rows."""
        return self.rows.iloc[:count] if hasattr(self.rows, "iloc") else self.rows[:count]
