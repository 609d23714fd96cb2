"""Every example answers as imbalanced-learn does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("imblearn")

from tests.importers.imblearn.examples import EXAMPLES as IMBLEARN
from tests.importers.walk import Walk


class TestExamples(Walk):
    EXAMPLES = IMBLEARN
