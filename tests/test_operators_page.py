"""The page of estimators is what its generator writes."""

import pytest
import sklearn

from docs import generate_operators


def test_the_page_is_up_to_date() -> None:
    page = generate_operators.PAGE.read_text()
    if f"scikit-learn {sklearn.__version__} " not in page:
        pytest.skip(f"the page is of another scikit-learn than {sklearn.__version__}")
    assert page == generate_operators.page(), "run make docs, and commit docs/operators.md"
