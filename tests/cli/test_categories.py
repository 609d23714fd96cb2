"""Categories of CatBoost in files: integers and truth values are read as pandas reads them, or rejected."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostRegressor

import pretzel
from pretzel.cli.files import read, sample_batch
from pretzel.cli.tables.reading import Reading, parsed_types
from pretzel.cli.tables.reads import of_model
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.digest import Digest
from pretzel.plan.model import InputDescription, ModelDescription, ModelVersion

ROWS = 60
DICE = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "n": DICE.normal(size=ROWS).round(3),
        "flag": DICE.random(ROWS) > 0.5,
        "zip": DICE.choice([1234, 99, 53113, -7, 0], ROWS),
        "word": DICE.choice(["a", "b", "True"], ROWS),
    }
)
CATEGORIES = ["flag", "zip", "word"]
Y = TABLE.n + 2 * TABLE.flag + 3 * (TABLE.zip == 1234)
BOTH = ["flag=bool,zip=int"]


def fitted(table: pd.DataFrame) -> CatBoostRegressor:
    options = {"iterations": 20, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    return CatBoostRegressor(**options).fit(table, Y, cat_features=CATEGORIES)


MODEL = fitted(TABLE)
TEXTS = TABLE.astype({"flag": str}).assign(zip=TABLE.zip.map("{:05}".format))
"""The same cells as texts."""


def csv(path: Path) -> Path:
    TEXTS.to_csv(path, index=False)
    return path


def described(model: Any, sample: Any) -> ModelDescription:
    definition = export(model, sample=sample)
    version = ModelVersion("m", 1, Digest.of(b"m"), Digest.of(b"m"), metadata=definition.metadata)
    inputs = [InputDescription(node.column, node.type) for node in definition.inputs]
    return ModelDescription(version, tuple(inputs), ())


def answered(path: Path, model: Any, sample: Any, types: list[str], count: int | None = None) -> np.ndarray:
    """Return the predictions for a file of a model that was deployed with a sample."""
    served, reads = pretzel.compile(model), of_model(described(model, sample))
    batches = read(path, reads, Reading(types=parsed_types(types)), count)
    return np.concatenate([served.predict(batch.X) for batch in batches])


def test_an_ambiguous_sample_is_rejected_with_the_option(run, control, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(MODEL))
    arguments = ("deploy", "m", tmp_path / "m.pkl", "--sample", csv(tmp_path / "s.csv"))
    ran = run(*arguments)
    assert ran.code == 3
    assert (
        "line 2, column 'flag': '" in ran.err and "may be one of truth values, as pandas reads it, or a text" in ran.err
    )
    assert "column 'zip': '" in ran.err and "may be one of whole numbers" in ran.err
    assert "help: use --types flag=bool for truth values, --types flag=str for texts" in ran.err
    ran = run(*arguments, "--types", *BOTH)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("count", [None, 7])
def test_a_file_is_read_like_the_sample(tmp_path: Path, count: int | None) -> None:
    path = csv(tmp_path / "s.csv")
    want = MODEL.predict(pd.read_csv(path))
    np.testing.assert_allclose(answered(path, MODEL, TABLE, [], count), want, rtol=1e-9)
    np.testing.assert_allclose(answered(path, MODEL, None, BOTH, count), want, rtol=1e-9)
    sample = sample_batch(path, MODEL, Reading(types=parsed_types(BOTH))).X
    np.testing.assert_array_equal(MODEL.predict(sample), want)
    np.testing.assert_allclose(answered(path, MODEL, sample, [], count), want, rtol=1e-9)


def test_texts_stay_texts_where_the_sample_held_such(tmp_path: Path) -> None:
    path, model = csv(tmp_path / "s.csv"), fitted(TEXTS)
    want = model.predict(pd.read_csv(path, dtype={"flag": str, "zip": str}))
    np.testing.assert_allclose(answered(path, model, TEXTS, []), want, rtol=1e-9)
    np.testing.assert_allclose(answered(path, model, None, ["flag=str,zip=str"]), want, rtol=1e-9)


@pytest.mark.parametrize(("sample", "problem"), [(None, "'flag'"), (TEXTS.assign(flag=TABLE.flag), None)])
def test_an_ambiguous_cell_is_rejected(tmp_path: Path, sample: Any, problem: str | None) -> None:
    path = csv(tmp_path / "s.csv")
    if problem is None:  # leading zeros are kept, as in the sample
        want = MODEL.predict(pd.read_csv(path, dtype={"zip": str}))
        np.testing.assert_allclose(answered(path, MODEL, sample, []), want, rtol=1e-9)
        return
    with pytest.raises(InputError, match=rf"line 2, column {problem}: .* which are different categories"):
        answered(path, MODEL, sample, [])


def test_canonical_integers_are_not_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    TABLE.to_csv(path, index=False)
    want = MODEL.predict(pd.read_csv(io.StringIO(path.read_text())))
    np.testing.assert_allclose(answered(path, MODEL, None, ["flag=bool"]), want, rtol=1e-9)


def test_a_column_that_becomes_text(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    TEXTS.iloc[:10].to_csv(path, index=False)
    with path.open("a") as file:
        file.write("0.5,maybe,00099,a\n")
    with pytest.raises(InputError, match="line 12, column 'flag': the column held truth values up to here") as caught:
        answered(path, MODEL, TABLE, [], 10)
    assert "--types flag=str for texts" in caught.value.__notes__[0]
    want = MODEL.predict(pd.read_csv(path))
    np.testing.assert_allclose(answered(path, MODEL, TABLE, []), want, rtol=1e-9)


def test_json_lines_and_parquet_are_typed(tmp_path: Path) -> None:
    TABLE.to_json(tmp_path / "s.jsonl", orient="records", lines=True)
    TABLE.to_parquet(tmp_path / "s.parquet")
    for path in (tmp_path / "s.jsonl", tmp_path / "s.parquet"):
        np.testing.assert_allclose(answered(path, MODEL, None, []), MODEL.predict(TABLE), rtol=1e-9)


def test_columns_by_position(tmp_path: Path) -> None:
    model = CatBoostRegressor(iterations=9, verbose=0, thread_count=1, allow_writing_files=False)
    model.fit(TABLE.to_numpy(object), Y, cat_features=[1, 2, 3])
    path = tmp_path / "s.csv"
    TEXTS.to_csv(path, index=False, header=False)
    want = model.predict(pd.read_csv(path, header=None).to_numpy(object))
    np.testing.assert_allclose(answered(path, model, TABLE.to_numpy(object), []), want, rtol=1e-9)
    with pytest.raises(InputError, match="line 1, column '2'"):
        answered(path, model, None, [])


def test_a_missing_category_names_the_option(run, control, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(MODEL))
    TABLE.assign(word="NA").to_csv(tmp_path / "s.csv", index=False)
    arguments = ("deploy", "m", tmp_path / "m.pkl", "--sample", tmp_path / "s.csv", "--types", "flag=bool")
    ran = run(*arguments)
    assert ran.code == 3 and "cat_features must be integer or string" in ran.err
    assert "help: fill missing values with a text; in a file, --no-na reads" in ran.err
    assert run(*arguments, "--no-na").code == 0
