"""Every example predicts as XGBoost does, and no option of ``XGBModel`` is ignored."""

from __future__ import annotations

from tests.importers.walk import Walk
from tests.importers.xgboost.examples import EXAMPLES as XGBOOST


class TestExamples(Walk):
    EXAMPLES = XGBOOST
