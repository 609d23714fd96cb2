"""Calls of many models: models with equal conversions share the input, and failures are separate."""

import numpy as np
import pytest
import scipy.sparse

from pretzel import errors
from tests.client.services import BIG, X


def test_many_models_in_one_call(client, worker):
    got = client.predict_many(["m", "sibling"], X, "decision_function")
    assert list(got) == ["m", "sibling"]
    assert got["sibling"].tolist() == [3.0, -2.5]
    assert len(worker.sizes) == 3  # the call, and its two models


def test_many_models_of_large_inputs(client, worker):
    got = client.predict_many(["m", "sibling"], BIG)
    assert (got["m"][:, 1] == BIG.sum(axis=1)).all()
    assert max(worker.sizes) < 1 << 20


@pytest.mark.parametrize("names", [["m", "sibling"], ["sibling", "m"]])
def test_models_that_convert_an_input_differently_are_called_separately(client, worker, names):
    worker.own["sibling"] = {"absent": "missing"}
    got = client.predict_many(names, scipy.sparse.csr_array([[1.0, 0.0]]), "decision_function")
    assert got["m"].tolist() == [1.0]
    assert np.isnan(got["sibling"]).all()
    worker.own["sibling"] = {"integers": "f32"}
    client.describe("sibling")
    got = client.predict_many(names, np.array([[2**24 + 1, 0]]), "decision_function")
    assert (got["m"].tolist(), got["sibling"].tolist()) == ([2.0**24 + 1], [2.0**24])


def test_a_single_name_is_rejected(client):
    with pytest.raises(errors.InputError, match="expected a list of names, got 'm'"):
        client.predict_many("m", X)
    with pytest.raises(errors.InputError, match="errors: expected raise or return, got 'ignore'"):
        client.predict_many(["m"], X, errors="ignore")


def test_models_fail_independently(client):
    got = client.predict_many(["m", "nope", "wide@1"], X, "decision_function", errors="return")
    assert got["m"].tolist() == [3.0, -2.5]
    assert isinstance(got["nope"], errors.NotFoundError)
    assert isinstance(got["wide@1"], errors.InputError)
    with pytest.raises(errors.NotFoundError, match="^no model 'nope'$"):
        client.predict_many(["m", "nope"], X, "decision_function")


def test_many_models_notice_new_versions(client, worker):
    client.predict_many(["m", "sibling"], X, "decision_function")
    worker.models["m"], worker.numbers["m"] = 3, 2
    got = client.predict_many(["m", "sibling"], X, "decision_function", errors="return")
    assert isinstance(got["m"], errors.InputError)
    assert got["sibling"].tolist() == [3.0, -2.5]
    wide = client.predict_many(["m", "wide"], [[1, 2, 3]], "decision_function")
    assert [value.tolist() for value in wide.values()] == [[1006.0], [6.0]]
