"""Every example answers as interpret does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("interpret")

from tests.importers.interpret.examples import EXAMPLES as MACHINES
from tests.importers.walk import Walk


@pytest.mark.filterwarnings("ignore")
class TestExamples(Walk):
    EXAMPLES = MACHINES
