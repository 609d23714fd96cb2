"""Commands for deployed models."""

import json
import re
import time

import pytest

from pretzel.cli.catalog import _print_description
from pretzel.plan import wire
from pretzel.plan.model import InputDescription, Model, ModelDescription, ModelVersion
from pretzel.plan.types import ValueType
from pretzel.v1 import control_pb2
from tests.cli.test_predict import PLAN
from tests.client.services import Control, serving, version


def test_models(run, control):
    ran = run("models")
    assert ran.code == 0
    assert [line.split("│")[1].strip() for line in ran.out.splitlines() if "stable" in line] == ["a", "ab", "b"]
    assert [model["name"] for model in run("models", "a", "--json").json] == ["a", "ab"]


def test_models_as_json_include_everything(run, control):
    model = run("models", "b", "--json").json[0]
    assert model["aliases"] == {"stable": 1}
    assert model["versions"][0]["plan"] == "sha256:" + "0" * 64 + "/10"
    assert model["versions"][0]["metadata"] == {"classes_dtype": "<U3"}


def test_describe_shows_that_answers_may_differ(run, control):
    control.metadata["may_differ"] = [{"step": "p.knn", "class": "a.KNN", "reason": "ties [x]", "remedy": "drop it"}]
    assert "p.knn: answers of a.KNN may differ from the library's: ties [x]; drop it" in run("describe", "a").out
    assert run("describe", "a", "--json").json["version"]["metadata"]["may_differ"] == control.metadata["may_differ"]


def test_describe_shows_what_became_of_a_version_for_later_kernels(run, control):
    control.metadata["recompiled"] = {"2": "compared on 20 rows", "3": "not served: output 'predict', row 4: ..."}
    shown = run("describe", "a").out
    assert re.search(r"kernels 2 +compared on 20 rows *\n", shown), shown
    assert re.search(r"kernels 3 +not served: output 'predict', row 4: \.\.\. *\n", shown), shown


def test_describe(run, control):
    ran = run("describe", "a")
    assert ran.code == 0
    for text in ("a@1", "f64[2]", "predict_proba", "no, yes"):
        assert text in ran.out
    described = run("describe", "a", "--json").json
    assert described["inputs"] == [{"name": "X", "type": "f64[2]"}]
    assert described["outputs"][0] == {"name": "predict", "type": "i64", "labels": ["no", "yes"]}


def test_a_description_lists_all_columns_of_an_array_in_order(capsys):
    version = ModelVersion("m", 1, PLAN, PLAN, metadata={"input_style": "frame", "feature_names": ["b", "other", "a"]})
    inputs = (InputDescription("b", ValueType("f64")), InputDescription("a", ValueType("str")))
    _print_description(ModelDescription(version, inputs, ()))
    rows = [line.split("│")[1:3] for line in capsys.readouterr().out.splitlines() if line.count("│") == 3]
    assert [[cell.strip() for cell in row] for row in rows] == [["b", "f64"], ["other", "not read"], ["a", "str"]]


def test_explain(run, control):
    assert run("explain", "a", "--verbose").out == "a as text True\n"
    assert run("explain", "a", "--format", "svg").out == "a as svg False\n"
    assert run("explain", "a", "--json").out == "a as json False\n"


def test_alias(run, control):
    assert run("alias", "a", "stable", 2).out == "a: stable -> 2\n"
    assert run("alias", "a", "canary", 1, "--json").json["aliases"] == {"stable": 2, "canary": 1}
    assert run("alias", "a", "canary", "--remove").out == "a: canary is removed\n"
    assert control.aliases == {"stable": 2, "canary": 0}


@pytest.mark.parametrize("arguments", [("a", "stable"), ("a", "stable", "1", "--remove"), ("a", "stable", "0")])
def test_alias_needs_a_version_or_remove(run, control, arguments):
    ran = run("alias", *arguments)
    assert ran.code == 2
    assert "help: " in ran.err
    assert control.aliases == {}


def test_delete(run, control):
    assert run("delete", "a@1", "--force").out == "a@1 is deleted\n"
    assert json.loads(run("delete", "b", "--json").out) == {"deleted": "b"}
    assert control.deleted == [("a@1", True), ("b", False)]


def test_a_table_does_not_wrap_on_a_narrow_screen(run, control, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    (row,) = [line for line in run("models").out.splitlines() if "│ b " in line]
    assert "stable -> 1" in row
    assert time.strftime("%Z", time.localtime(1.5)) in row


def test_a_rejected_delete_suggests_force(run, control):
    control.in_use = "a is in use: stable -> 1"
    ran = run("delete", "a")
    assert ran.code == 6
    assert ran.err.splitlines()[-1] == "help: --force deletes it and the aliases that point to it"


def test_omitted_versions_are_counted(run, control, monkeypatch):
    def listed(self, request, context):
        ten = Model("churn", tuple(version("churn", number) for number in range(1, 11)), {"stable": 9, "canary": 10})
        return control_pb2.ListModelsResponse(models=[wire.model_to_proto(ten)])

    monkeypatch.setattr(Control, "ListModels", listed)
    monkeypatch.setenv("COLUMNS", "80")
    with serving(Control()) as port:
        lines = run("models", "--control", f"127.0.0.1:{port}").out.splitlines()
    (row,) = [line for line in lines if "churn" in line]
    assert "│ 10, 9, ... 8 more │" in row
    assert len(lines[0]) == len(row) <= 96


def test_a_list_of_models_fits_a_narrow_screen(run, control, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, run("models").out.splitlines())) <= 80
