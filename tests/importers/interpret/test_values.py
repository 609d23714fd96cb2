"""Limits of bins, categories that are numbers, and machines behind other steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("interpret")

from interpret.glassbox import ExplainableBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.interpret.examples import ARRAY, COUNTS, FEW, TABLE, Y
from tests.importers.sklearn.frames import assert_serves

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_value_at_a_limit_falls_into_the_bin_above() -> None:
    machine = ExplainableBoostingRegressor(**FEW).fit(ARRAY, Y)
    limits = machine.bins_[0][0]
    near = np.concatenate([limits, np.nextafter(limits, -np.inf), np.nextafter(limits, np.inf), [-np.inf, np.inf]])
    rows = np.column_stack([near, np.zeros(len(near)), np.ones(len(near))])
    assert_serves(machine, rows, sample=ARRAY, batches=[len(near)])


@pytest.mark.parametrize("dtype", [int, float])
def test_categories_that_are_numbers(dtype: type) -> None:
    table = pd.DataFrame({"grade": TABLE["grade"].astype(dtype), "a": TABLE["a"]})
    machine = ExplainableBoostingRegressor(**FEW, feature_types=["nominal", "continuous"]).fit(table, COUNTS)
    rows = table.copy()
    rows.loc[5, "grade"] = 9
    assert_serves(machine, rows, sample=table, batches=[1, len(rows)])


def test_categories_without_a_sample() -> None:
    machine = ExplainableBoostingRegressor(**FEW).fit(TABLE, Y)
    definition = assert_serves(machine, TABLE, sample=None, batches=[10])
    assert {node.column: node.kind for node in definition.inputs}["kind"] == "str"


def test_a_machine_behind_another_step() -> None:
    model = make_pipeline(SimpleImputer(), ExplainableBoostingRegressor(**FEW)).fit(ARRAY, Y)
    assert_serves(model, ARRAY, sample=ARRAY, batches=[1, 50])


def test_a_link_without_an_operator_is_refused() -> None:
    machine = ExplainableBoostingRegressor(**FEW).fit(ARRAY, Y)
    machine.link_ = "reciprocal"
    with pytest.raises(UnsupportedError, match="objective=.*its link reciprocal is not supported"):
        export(machine)


@pytest.mark.parametrize("kind", ["category", "object"])
def test_booleans_that_the_library_reads_as_texts_are_rejected(kind: str) -> None:
    table = pd.DataFrame({"flag": TABLE["a"] > 0, "grade": pd.Categorical(TABLE["grade"].astype(int)), "a": TABLE["a"]})
    machine = ExplainableBoostingRegressor(**FEW).fit(table, 5.0 * table["flag"] + table["grade"].astype(int))
    rows = table[:12].astype({"grade": int})
    if kind == "category":
        changed = rows.assign(flag=rows["flag"].astype("category"))
        expected = "column 'flag': category, .*convert it: astype\\(bool\\)"
    else:
        changed = rows.assign(grade=[True, *rows["grade"][1:].tolist()]).astype({"grade": object})
        expected = "column 'grade': object, .*convert it: astype\\(float\\)"
        rows = rows.assign(grade=[1, *rows["grade"][1:].tolist()])
    fast = pretzel.compile(machine, sample=table)
    assert not np.allclose(machine.predict(changed), machine.predict(rows))
    np.testing.assert_allclose(fast.predict(rows), machine.predict(rows))
    with pytest.raises(InputError, match=expected):
        fast.predict(changed)
