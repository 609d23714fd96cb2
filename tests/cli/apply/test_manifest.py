"""Manifests: what they mean, and the error of each wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pretzel.cli.apply.manifest import Entry, of_files, read
from pretzel.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("de.joblib", "fr.joblib", "notes.md"):
        (tmp_path / "models" / name).write_text("")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    (folder / "models.yaml").write_text(text)
    return folder / "models.yaml"


def test_defaults_patterns_and_relative_paths(folder):
    manifest = read(
        written(
            folder,
            """
            set: churn
            defaults: {alias: canary, tolerance: 1.0e-6}
            models:
              - {name: "churn-{stem}", file: models/*.joblib, sample: "samples/{stem}.csv", outputs: [predict]}
              - {name: remote, file: "s3://bucket/m.joblib", alias: stable}
            """,
        )
    )
    base = dict(tolerance=1e-6)
    first, second, third = manifest.entries
    assert manifest.set == "churn"
    assert first == Entry(
        "churn-de",
        f"{folder}/models/de.joblib",
        f"{folder}/samples/de.csv",
        alias="canary",
        outputs=("predict",),
        **base,
    )
    assert second.name == "churn-fr"
    assert third == Entry("remote", "s3://bucket/m.joblib", alias="stable", **base)


def test_files_of_the_command_line_are_named_by_their_stems(folder):
    files = of_files([f"{folder}/models"]).entries
    assert [(entry.name, entry.file) for entry in files] == [
        ("de", f"{folder}/models/de.joblib"),
        ("fr", f"{folder}/models/fr.joblib"),
    ]
    with pytest.raises(InputError, match=r"model 'de': both .*/de.joblib and .*/de.joblib have this name"):
        of_files([f"{folder}/models/de.joblib", f"{folder}/models"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("models: [", "it is not YAML"),
        ("- 3", "expected a table with a list `models`"),
        ("models: 3", "expected a table with a list `models`"),
        ("{models: [], extra: 1}", "unknown key 'extra'; expected models, defaults or set"),
        ("{models: [], set: 3}", "set: expected a name, got 3"),
        ("models: [3]", "model 1: expected a table of keys and values, got 3"),
        ("models: [{name: a}]", "model 1: file is missing"),
        ("models: [{file: a}]", "model 1: name is missing"),
        ("models: [{name: a, file: a, weight: f16}]", "model 1: unknown key 'weight'; expected one of name, file"),
        ("models: [{name: a, file: a, weights: f8}]", "weights: expected exact or f32 or f16 or sparse, got 'f8'"),
        ("models: [{name: a, file: a, tolerance: true}]", "tolerance: expected a float, got True"),
        ("models: [{name: a, file: a, outputs: predict}]", "outputs: expected a list of texts, got 'predict'"),
        ("models: [{name: a, file: a, outputs: [1]}]", r"outputs: expected a list of texts, got \[1\]"),
        ("defaults: {name: 3}\nmodels: []", "defaults: name: expected a str, got 3"),
        ("models: [{name: a, file: models/*.joblib}]", "matches 2 files, which need one name each"),
        ("models: [{name: a, file: models/*.onnx}]", "no file matches the pattern"),
        ("models: [{name: a, file: x}, {name: a, file: y}]", "model 'a': both .*x and .*y have this name"),
    ],
)
def test_a_wrong_manifest(folder, text, problem):
    with pytest.raises(InputError, match=problem):
        read(written(folder, text))


def test_a_manifest_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="absent.yaml: it cannot be read .No such file"):
        read(tmp_path / "absent.yaml")
