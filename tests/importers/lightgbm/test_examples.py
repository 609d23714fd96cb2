"""Every example predicts as LightGBM does, and no parameter of its configuration is ignored."""

from __future__ import annotations

from tests.importers.lightgbm.examples import EXAMPLES as LIGHTGBM
from tests.importers.walk import Walk


class TestExamples(Walk):
    EXAMPLES = LIGHTGBM
