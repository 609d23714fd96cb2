"""Every example predicts as CatBoost does, and every option is tried, or never read after fitting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.catboost.compare import assert_answers, wanted
from tests.importers.catboost.examples import EXAMPLES, fitted
from tests.importers.sklearn.examples import FIT_ONLY, Example
from tests.importers.walk import NO_CASE, Unreadable, Walk, options_of


class TestExamples(Walk):
    """Tests over estimators that keep options in one dictionary and have no ``decision_function``."""

    EXAMPLES = EXAMPLES

    def test_the_answers_are_the_librarys_own(self, example: Example) -> None:
        assert_answers(*example.fitted())

    def test_no_option_is_ignored(self, first: Example, option: str, value: Any) -> None:
        assert value is not NO_CASE, f"{first.kind.__name__}.{option}: add a case to its example"
        setting, further = value if isinstance(value, tuple) else (value, {})
        model, x = first.fitted(**{option: setting}, **further)
        try:
            assert_answers(model, x, batches=[7, len(x)])
        except UnsupportedError as error:
            assert option in str(error), f"the refusal does not name the option: {error}"
            return
        if option not in ("cat_features", "target_border"):  # the library rejects this data without them
            before, _ = first.fitted(**further)
            assert _answers(model, x) != _answers(before, x), f"{option}={setting!r} changes nothing here"

    def test_what_acts_while_fitting_is_not_read_later(self, first: Example) -> None:
        model, x = first.fitted()
        definition = export(model)
        before = wanted(model, definition, x)
        for option in options_of(first):
            if first.values(option) == FIT_ONLY or isinstance(model, CatBoostRegressor):
                model._init_params[option] = Unreadable(option)
        if isinstance(model, CatBoostRegressor):  # its predict reads all options to find the loss
            model._init_params = {"loss_function": "RMSE"}
        assert export(model).digest == definition.digest
        for name, answer in wanted(model, definition, x).items():
            np.testing.assert_array_equal(answer, before[name])

    def test_what_is_not_fitted_is_refused(self, first: Example) -> None:
        expected = f"{first.kind.__name__} cannot be served: it is not fitted; fit it first"
        with pytest.raises(UnsupportedError, match=expected):
            export(first.kind())


def _answers(model: Any, x: Any) -> list[Any]:
    labels = model.predict(x).tolist()
    return [labels, model.predict_proba(x).tolist()] if isinstance(model, CatBoostClassifier) else labels


def test_the_loss_of_a_regressor_is_read_after_fitting() -> None:
    (raw, _), (exponent, _) = fitted(CatBoostRegressor), fitted(CatBoostRegressor, loss_function="Poisson")
    assert "elementwise" not in {node.name for node in export(raw).nodes}
    assert "elementwise" in {node.name for node in export(exponent).nodes}
