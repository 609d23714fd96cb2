"""Every example answers as feature_engine does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("feature_engine")

from tests.importers.feature_engine.examples import EXAMPLES as FEATURES
from tests.importers.walk import Walk


@pytest.mark.filterwarnings("ignore")
class TestExamples(Walk):
    EXAMPLES = FEATURES
