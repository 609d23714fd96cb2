"""The page of estimators is what its generator writes."""

import runpy
from pathlib import Path

import pytest
import sklearn

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_up_to_date() -> None:
    page = (DOCS / "operators.md").read_text()
    if f"scikit-learn {sklearn.__version__} " not in page:
        pytest.skip(f"the page is of another scikit-learn than {sklearn.__version__}")
    generator = runpy.run_path(str(DOCS / "generate_operators.py"))
    assert page == generator["page"](), "run make docs, and commit docs/operators.md"
