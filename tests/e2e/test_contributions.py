"""Contributions through real servers: verified at deployment, and computed only if requested by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost

from pretzel.errors import VerificationError
from tests.e2e.up import Up, started

X = np.random.default_rng(0).normal(size=(200, 4))
Y = X[:, 0] * X[:, 1] + X[:, 2]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.fixture(scope="module")
def trees() -> Any:
    return lightgbm.LGBMRegressor(n_estimators=9, verbose=-1, n_jobs=1).fit(X, Y)


def test_contributions_are_verified_and_answered(up: Up, trees: Any) -> None:
    want = trees.predict(X, pred_contrib=True)
    with up.plane() as plane, up.client() as client:
        plane.deploy("trees", trees, sample=X)
        np.testing.assert_allclose(client.contributions("trees", X), want, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(client.predict("trees", X), trees.predict(X), rtol=1e-6)
        columns = {"X": X}
        assert set(client.infer("trees", columns, [])) == {"predict"}, "they are computed only on request"
        np.testing.assert_array_equal(
            client.infer("trees", columns, ["contributions"])["contributions"], client.contributions("trees", X)
        )


def test_each_class_and_each_pair(up: Up) -> None:
    model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(X, np.digitize(Y, [-0.5, 0.5]))
    booster, matrix = model.get_booster(), xgboost.DMatrix(X)
    with up.plane() as plane, up.client() as client:
        plane.deploy("classes", model, sample=X)
        for served, want in (
            (client.contributions("classes", X), booster.predict(matrix, pred_contribs=True)),
            (client.interactions("classes", X), booster.predict(matrix, pred_interactions=True)),
        ):
            assert served.shape == want.shape
            np.testing.assert_allclose(served, want, atol=1e-5 * np.abs(want).max())


def test_contributions_that_differ_from_the_library_are_rejected(up: Up, trees: Any) -> None:
    wrong = trees.predict(X, pred_contrib=True)
    wrong[3, 1] += 1e-4
    with up.plane() as plane, pytest.raises(VerificationError, match=r"'contributions', row 3, column 1"):
        plane.deploy("wrong", trees, sample=X, expected={"contributions": wrong})


def test_the_command_line(up: Up, trees: Any, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    np.savetxt(rows, X[:7], delimiter=",")
    with up.plane() as plane:
        plane.deploy("table", trees, sample=X)
    answers = [list(row.values()) for row in up.run("predict", "table", rows, "--method", "contributions")]
    np.testing.assert_allclose(np.array(answers), trees.predict(X[:7], pred_contrib=True), rtol=1e-6, atol=1e-9)
