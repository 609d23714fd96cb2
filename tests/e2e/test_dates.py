"""Columns of dates through real servers: deployed with a sample, sent as tables, lists and files, described."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError
from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from tests.e2e.up import Up, started

DICE = np.random.default_rng(3)
SECONDS = pd.Series(DICE.integers(1.55e9, 1.65e9, 40).astype("M8[s]"))
RIDES = pd.DataFrame({"pickup": SECONDS.astype("M8[us]"), "miles": DICE.lognormal(1, 1, 40)})
RIDES["dropoff"] = RIDES["pickup"] + pd.Series(DICE.integers(60, 9000, 40).astype("m8[s]"))
TIMES = ["pickup", "dropoff"]


def features(df: pd.DataFrame) -> pd.DataFrame:
    minutes = (df["dropoff"] - df["pickup"]).dt.total_seconds() / 60
    rush = df["pickup"].dt.hour.between(7, 9) & (df["pickup"].dt.day_of_week < 5)
    return pd.DataFrame({"minutes": minutes, "rush": rush, "hour": df["pickup"].dt.hour, "miles": df["miles"]})


def zoned() -> pd.DataFrame:
    return RIDES.assign(**{name: RIDES[name].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin") for name in TIMES})


@pytest.fixture(scope="module")
def model() -> Any:
    return make_pipeline(FunctionTransformer(features), LinearRegression()).fit(RIDES, RIDES["miles"] * 3)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, model: Any) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up")) as running:
        with running.plane() as plane:
            assert plane.deploy("rides", model, sample=RIDES).metadata["verified"]
            plane.deploy("berlin", model, sample=zoned())
        yield running


@pytest.mark.long
def test_tables_and_lists(up: Up, model: Any) -> None:
    want = model.predict(RIDES)
    rows = RIDES.astype({name: object for name in TIMES}).to_dict("records")
    texts = [{**row, **{name: row[name].isoformat() for name in TIMES}} for row in rows]
    with up.client() as client:
        for X in (RIDES, pl.from_pandas(RIDES), pa.Table.from_pandas(RIDES), rows, texts):
            np.testing.assert_allclose(client.predict("rides", X), want, rtol=1e-6)
        np.testing.assert_allclose(client.predict("rides", RIDES.astype({"pickup": "M8[ns]"})), want, rtol=1e-6)
        for X in (zoned(), pl.from_pandas(zoned()), pa.Table.from_pandas(zoned())):
            np.testing.assert_allclose(client.predict("berlin", X), model.predict(zoned()), rtol=1e-6)
        np.testing.assert_allclose(
            client.infer("rides", {name: _sent(RIDES[name]) for name in RIDES})["predict"], want, rtol=1e-6
        )


def _sent(column: pd.Series) -> np.ndarray:
    return column.to_numpy().view(np.int64) if column.dtype.kind == "M" else column.to_numpy()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("rides", "2020-13-01", "row 1: '2020-13-01' is not a date"),
        ("rides", "2020-01-01T00:00:00Z", "has an offset, and the model was fitted on dates without a time zone"),
        ("rides", 7, "row 1: expected a date or an ISO 8601 text, got int '7'"),
        ("rides", "2020-01-01T00:00:00.1234567", "has digits below the model's unit us"),
        ("berlin", datetime(2020, 1, 1), "expected dates with a time zone .* got datetime.datetime"),
        ("berlin", "2020-01-01", "has no offset, and the model was fitted on instants"),
    ],
)
def test_other_values_are_rejected_by_row(up: Up, name: str, value: Any, problem: str) -> None:
    rows = {"pickup": [None, value], "dropoff": [None, None], "miles": [1.0, 2.0]}
    with up.client() as client, pytest.raises(InputError, match=f"column 'pickup': .*{problem}"):
        client.predict(name, rows)


def test_files(up: Up, model: Any, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
    RIDES.to_csv(tmp_path / "x.csv", index=False)
    RIDES.to_json(tmp_path / "x.jsonl", orient="records", lines=True, date_format="iso", date_unit="us")
    RIDES.to_parquet(tmp_path / "x.parquet")
    types = "--types=pickup=date,dropoff=date"
    deployed = up.run("deploy", "files", tmp_path / "m.pkl", "--sample", tmp_path / "x.csv", types)
    assert deployed["metadata"]["dates"] == dict.fromkeys(TIMES, "datetime64[us]")
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        predicted = [line["predict"] for line in up.run("predict", "files", tmp_path / name)]
        np.testing.assert_allclose(predicted, model.predict(RIDES), rtol=1e-6)
    (tmp_path / "bad.csv").write_text("pickup,dropoff,miles\n2020-01-01,2020-01-01 10:00,1\n2020-01-01,1/2/2020,1\n")
    failed = up.run("predict", "files", tmp_path / "bad.csv", code=3)
    assert "column 'dropoff': line 3: expected a date like" in failed["message"]


def test_descriptions(up: Up) -> None:
    assert up.run("describe", "berlin")["version"]["metadata"]["dates"]["pickup"] == "datetime64[us, Europe/Berlin]"
    with grpc.insecure_channel(up.facts["predictions"]) as channel:
        stub = GRPCInferenceServiceStub(channel)
        tensors = stub.ModelMetadata(pb.ModelMetadataRequest(name="rides"), timeout=60).inputs
        assert {tensor.name: tensor.datatype for tensor in tensors}["pickup"] == "INT64"
        parameters = stub.ModelConfig(pb.ModelConfigRequest(name="rides"), timeout=60).config.parameters
        assert parameters["dates.pickup"].string_value == "datetime64[us]"


def test_in_process_and_over_grpc_are_alike(up: Up, model: Any) -> None:
    predictor = pretzel.compile(model, sample=RIDES)
    with up.client() as client:
        np.testing.assert_array_equal(client.predict("rides", RIDES), predictor.predict(RIDES))
