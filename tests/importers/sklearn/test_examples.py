"""Every example of scikit-learn gives its answers, and no constructor option is ignored."""

from __future__ import annotations

from tests.importers.sklearn.examples import examples
from tests.importers.walk import Walk


class TestExamples(Walk):
    EXAMPLES = examples()
