"""Every example answers as category_encoders does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("category_encoders")

from tests.importers.category_encoders.examples import EXAMPLES as ENCODERS
from tests.importers.walk import Walk


@pytest.mark.filterwarnings("ignore")
class TestExamples(Walk):
    EXAMPLES = ENCODERS
