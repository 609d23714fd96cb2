"""The page of estimators is up to date."""

import runpy
from importlib import import_module
from pathlib import Path

import pytest
import sklearn
from sklearn.utils import all_estimators

from pretzel.importers import IMPORTERS
from pretzel.importers.registry import REFUSED

OTHERS = (
    *("catboost", "lightgbm", "xgboost"),
    *("category_encoders", "feature_engine", "imblearn", "interpret", "mlxtend", "skrub"),
)

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_up_to_date() -> None:
    page = (DOCS / "operators.md").read_text()
    if f"scikit-learn {sklearn.__version__} " not in page:
        pytest.skip(f"the page was generated with another scikit-learn than {sklearn.__version__}")
    for library in map(pytest.importorskip, OTHERS):
        if f" {library.__version__}" not in page and f"\n{library.__version__}" not in page:
            pytest.skip(f"the page was generated with another {library.__name__} than {library.__version__}")
    generator = runpy.run_path(str(DOCS / "generate_operators.py"))
    assert page == generator["page"](), "run make docs, and commit docs/operators.md"


def test_nearly_all_estimators_of_scikit_learn_are_served() -> None:
    import_module("pretzel.importers.sklearn")
    answers = ("predict", "transform", "score_samples")
    kinds = [kind for _, kind in all_estimators() if any(hasattr(kind, method) for method in answers)]
    served = [kind for kind in kinds if kind in IMPORTERS]
    assert len(served) >= 150, f"{len(served)} of {len(kinds)}"
    unlisted = [kind.__name__ for kind in kinds if kind not in IMPORTERS and kind not in REFUSED]
    assert not unlisted, f"neither served nor listed as unsupported: {', '.join(unlisted)}"
