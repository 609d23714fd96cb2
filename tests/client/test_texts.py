"""Texts that UTF-8 cannot encode are rejected by name before a request is sent."""

import re

import numpy as np
import pytest

from pretzel.client import Client, ControlPlane
from pretzel.errors import DefinitionError, InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from tests.client.services import X

LONE = "na\udcefve"
POSITION = re.escape(f"got the lone surrogate {LONE[2]!r} at position 2")

PREDICTIONS = {
    "predict": ("model name", lambda c: c.predict(LONE, X)),
    "predict_proba": ("model name", lambda c: c.predict_proba(f"{LONE}:stable", X)),
    "predict_many": ("model name", lambda c: c.predict_many(["m", LONE], X)),
    "describe": ("model name", lambda c: c.describe(LONE)),
    "infer": ("model name", lambda c: c.infer(LONE, {"X": X})),
    "column": ("column name", lambda c: c.infer("m", {LONE: X})),
    "column of texts": ("column name", lambda c: c.infer("m", {LONE: ["a"]})),
    "output": ("output name", lambda c: c.infer("m", {"X": X}, [LONE])),
}
DEPLOYMENT = {
    "deploy": ("model name", lambda c: c.deploy(LONE, definition())),
    "deploy alias": ("alias", lambda c: c.deploy("m", definition(), alias=LONE)),
    "deploy option": ("attribute", lambda c: c.deploy("m", definition(), options={LONE: 1})),
    "models": ("prefix", lambda c: c.models(LONE)),
    "describe": ("model name", lambda c: c.describe(LONE)),
    "explain": ("model name", lambda c: c.explain(LONE)),
    "explain format": ("format", lambda c: c.explain("m", format=LONE)),
    "alias": ("model name", lambda c: c.alias(LONE, "a", 1)),
    "alias name": ("alias", lambda c: c.alias("m", LONE, 1)),
    "delete": ("model name", lambda c: c.delete(f"{LONE}@1")),
}


def definition(**metadata: object) -> Definition:
    x = ops.Input("X", "f64[2]")
    return Definition({"transform": ops.Elementwise(x, "abs")}, (x,), metadata)


@pytest.mark.parametrize("case", PREDICTIONS)
def test_predictions_reject_a_lone_surrogate(client, case: str):
    kind, call = PREDICTIONS[case]
    with pytest.raises(InputError, match=f"^{kind} .*expected Unicode text, {POSITION}"):
        call(client)


@pytest.mark.parametrize("case", DEPLOYMENT)
def test_deployment_rejects_a_lone_surrogate(control, case: str):
    kind, call = DEPLOYMENT[case]
    with pytest.raises((InputError, DefinitionError), match=f"^{kind} .*expected Unicode text, {POSITION}"):
        call(control("127.0.0.1:1", timeout=1))


def test_names_of_other_types_are_rejected(client):
    with pytest.raises(InputError, match="model name: expected a text, got int 7"):
        client.predict(7, X)
    with pytest.raises(InputError, match="output name: expected a list of texts, got the text 'predict'"):
        client.infer("m", {"X": X}, "predict")


@pytest.mark.parametrize("client_class", [Client, ControlPlane])
def test_an_address_with_a_lone_surrogate_is_rejected(client_class: type):
    with pytest.raises(InputError, match=f"address .*{POSITION}"):
        client_class(LONE)


@pytest.mark.parametrize("metadata", [{LONE: 1}, {"owner": LONE}, {"owner": {LONE: 1}}, {"owner": [LONE]}])
def test_metadata_with_a_lone_surrogate_is_rejected(control, metadata: dict):
    with pytest.raises(DefinitionError, match="surrogate"):
        control("127.0.0.1:1", timeout=1).deploy("m", definition(**metadata))


def test_definitions_reject_a_lone_surrogate_on_construction():
    with pytest.raises(DefinitionError, match="output .*lone surrogate"):
        Definition({LONE: ops.Elementwise(ops.Input("X", "f64[2]"), "abs")})
    with pytest.raises(DefinitionError, match="lone surrogate"):
        ops.Input(LONE, "f64")


def test_all_other_characters_are_accepted(client):
    assert client.predict("m", np.zeros((1, 2))).tolist() == ["no"]
    with pytest.raises(LookupError, match="no model 'modèle-日本-😀'"):
        client.predict("modèle-日本-😀", X)
