"""Every example of scikit-learn answers as it does, and no constructor option is ignored."""

from __future__ import annotations

from tests.importers.sklearn.examples import examples
from tests.importers.walk import Walk


class TestExamples(Walk):
    EXAMPLES = examples()
