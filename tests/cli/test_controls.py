"""Control characters of names, labels and messages do not reach a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.cli import output
from pretzel.cli.failures import report
from pretzel.compiler.explain import FORMATS, explain
from pretzel.importers.check import Report
from pretzel.plan import ops
from pretzel.plan.controls import escaped, visible
from pretzel.plan.definition import Definition

HOSTILE = "age\x1b[2J\x9b31m\u202eegnar\x07"


def is_harmless(text: str) -> bool:
    return not any(sign in text for sign in "\x1b\x9b\x07\u202e\x7f\x00\r")


@given(st.text())
def test_no_control_is_left(text: str):
    assert is_harmless(visible(text))
    assert visible(text).count("\n") == text.count("\n")


@given(st.dictionaries(st.text(), st.text()))
def test_a_document_keeps_its_values(value: dict[str, str]):
    document = escaped(json.dumps(value, ensure_ascii=False))
    assert is_harmless(document)
    assert json.loads(document) == value


def test_ordinary_text_is_unchanged():
    text = "größe 漢字 \U0001f600\ta\nb"
    assert visible(text) == escaped(text) == text


def test_tables_pairs_and_errors_are_escaped(capsys):
    output.print_table(("input",), [(HOSTILE,)])
    output.print_pairs([("name", HOSTILE), (HOSTILE, 1)])
    output.print_json({"name": HOSTILE})
    output.warn(HOSTILE)
    report("INTERNAL", HOSTILE, "", as_json=False)
    printed = capsys.readouterr()
    assert is_harmless(printed.out + printed.err)
    assert printed.out.count("age\\x1b[2J\\x9b31m\\u202eegnar\\x07") == 3
    assert "error: age\\x1b[2J" in printed.err


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_explanations_are_escaped(run, control, monkeypatch, options):
    monkeypatch.setattr("tests.client.services.Control.ExplainModel", explanation)
    assert is_harmless(run("explain", "a", *options).out)


def explanation(self, request, context):
    from pretzel.v1 import control_pb2

    return control_pb2.ExplainModelResponse(text=json.dumps(HOSTILE) if request.format == "json" else HOSTILE)


def hostile_definition() -> Definition:
    return Definition({f"out{HOSTILE}": ops.Input(HOSTILE, "f64")}, metadata={"estimator": HOSTILE})


@pytest.mark.parametrize("format", FORMATS)
def test_the_text_of_an_explanation_is_escaped_where_it_is_made(format: str):
    """The SDK's text, and that of a model in process, is printed as it is."""
    text = explain(hostile_definition(), format=format, verbose=True)
    assert is_harmless(text)
    assert "age" in text


def test_the_text_of_a_report_of_a_check_is_escaped():
    report = Report("Estimator", (), (), ("predict",), {}, {HOSTILE: "f64"})
    assert is_harmless(str(report))
    assert report.as_map()["inputs"] == {HOSTILE: "f64"}
