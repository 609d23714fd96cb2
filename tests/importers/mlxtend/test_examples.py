"""Every example answers as mlxtend does, and no option is ignored."""

from __future__ import annotations

import pytest

pytest.importorskip("mlxtend")

from tests.importers.mlxtend.examples import EXAMPLES as MLXTEND
from tests.importers.mlxtend.examples import STATELESS
from tests.importers.sklearn.examples import Example
from tests.importers.walk import Walk


@pytest.mark.filterwarnings("ignore")
class TestExamples(Walk):
    EXAMPLES = MLXTEND

    def test_what_is_not_fitted_is_refused(self, first: Example) -> None:
        if first.kind not in STATELESS:
            super().test_what_is_not_fitted_is_refused(first)
