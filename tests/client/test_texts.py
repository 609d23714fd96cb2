"""Texts that UTF-8 does not encode, wherever a client sends one: refused by name, before anything is sent."""

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


@pytest.mark.parametrize("what", PREDICTIONS)
def test_predictions_refuse_a_lone_surrogate(client, what: str):
    kind, call = PREDICTIONS[what]
    with pytest.raises(InputError, match=f"^{kind} .*expected Unicode text, {POSITION}"):
        call(client)


@pytest.mark.parametrize("what", DEPLOYMENT)
def test_deployment_refuses_a_lone_surrogate(control, what: str):
    kind, call = DEPLOYMENT[what]
    with pytest.raises((InputError, DefinitionError), match=f"^{kind} .*expected Unicode text, {POSITION}"):
        call(control("127.0.0.1:1", timeout=1))


def test_what_is_no_text_at_all_is_refused_by_name(client):
    with pytest.raises(InputError, match="model name: expected a text, got int 7"):
        client.predict(7, X)
    with pytest.raises(InputError, match="output name: expected a list of texts, got the text 'predict'"):
        client.infer("m", {"X": X}, "predict")


@pytest.mark.parametrize("made", [Client, ControlPlane])
def test_an_address_is_refused_too(made: type):
    with pytest.raises(InputError, match=f"address .*{POSITION}"):
        made(LONE)


@pytest.mark.parametrize("metadata", [{LONE: 1}, {"owner": LONE}, {"owner": {LONE: 1}}, {"owner": [LONE]}])
def test_metadata_of_a_definition_is_refused(control, metadata: dict):
    with pytest.raises(DefinitionError, match="surrogate"):
        control("127.0.0.1:1", timeout=1).deploy("m", definition(**metadata))


def test_definitions_refuse_a_lone_surrogate_when_they_are_made():
    with pytest.raises(DefinitionError, match="output .*lone surrogate"):
        Definition({LONE: ops.Elementwise(ops.Input("X", "f64[2]"), "abs")})
    with pytest.raises(DefinitionError, match="lone surrogate"):
        ops.Input(LONE, "f64")


def test_every_other_letter_passes(client):
    assert client.predict("m", np.zeros((1, 2))).tolist() == ["no"]
    with pytest.raises(LookupError, match="no model 'modèle-日本-😀'"):
        client.predict("modèle-日本-😀", X)
