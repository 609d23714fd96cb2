"""RANSAC: the predictions of the model fitted on the inliers."""

from __future__ import annotations

from typing import Any

from sklearn import linear_model

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports


@imports(linear_model.RANSACRegressor)
def ransac_regressor(estimator: Any, x: Columns, step: Step) -> Methods:
    """``estimator_.predict``."""
    return {"predict": step.enter("estimator_", estimator.estimator_, x.as_array())["predict"]}
