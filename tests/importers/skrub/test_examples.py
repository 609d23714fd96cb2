"""Every example answers as skrub does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("skrub")

from tests.importers.skrub.examples import EXAMPLES as SKRUB
from tests.importers.walk import Walk


@pytest.mark.filterwarnings("ignore")
class TestExamples(Walk):
    EXAMPLES = SKRUB
