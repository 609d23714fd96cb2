"""The examples of docs/telemetry.md, executed on request logs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import pretzel
from pretzel.data_plane.telemetry.recording import Recording, Run
from pretzel.data_plane.telemetry.request_log.arrow import ArrowStreams
from pretzel.data_plane.telemetry.request_log.entry import Entry
from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.redaction import Redaction
from pretzel.data_plane.telemetry.request_log.rows import rows_of
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import PlanInput
from pretzel.plan.types import ValueType
from tests.data_plane.oip.trained import WINE
from tests.data_plane.telemetry.conftest import Observed
from tests.data_plane.telemetry.test_request_log import logged

PAGE = (Path(__file__).parents[3] / "docs/telemetry.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
REQUEST_ID, JSON_LINES, ARROW = BLOCKS


def test_a_request_id_is_sent_as_the_page_says(observed: Observed):
    rows = WINE.data.to_numpy()[:1]
    with pretzel.Client(observed.worker.grpc, timeout=30) as client:
        exec(REQUEST_ID, {"pretzel": pretzel, "client": client, "rows": rows})
    assert logged(observed, "order-17", 1)


def test_drift_is_found_in_lines_of_json(
    observed: Observed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    moved = WINE.data.iloc[:90].assign(alcohol=WINE.data["alcohol"] + 9)  # no more rows than are logged of one call
    whole = WINE.data.iloc[:90]
    with pretzel.Client(observed.worker.grpc, timeout=30) as client, pretzel.request_id("drifting"):
        client.predict("drinks", moved)
    logged(observed, "drifting", len(moved))
    (tmp_path / "requests").symlink_to(observed.logs)
    whole.to_csv(tmp_path / "training.csv", index=False)
    monkeypatch.chdir(tmp_path)
    exec(JSON_LINES, {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(whole.columns)
    assert [line for line in lines if line.endswith(" drifts")] == ["alcohol: 1.00 drifts"]
    # Not all are 0.00: pandas reads numbers of JSON only nearly as they were written.
    assert all(float(line.partition(": ")[2]) < 0.1 for line in lines if not line.startswith("alcohol"))


def test_means_and_missing_values_are_found_in_arrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    plan = Digest("0" * 64, 10)
    columns = {"age": np.array([1.0, np.nan, 3.0, np.nan])}
    version, inputs = ModelVersion("drinks", 1, plan, plan), (PlanInput("age", ValueType("f64")),)
    run = Run((version,), 0.0, 0.0, 0.0, 4, (), inputs, columns, {"predict": np.array([2.0, 2.0, 4.0, 4.0])})
    entry = Entry.of("Predict", "OK", 7200.0, 1.0, Recording("id", False, True, "", 0.0, [run]))
    writer = ArrowStreams(Files(tmp_path / "requests", 0, "arrows", 1 << 20, 2))
    writer.write(list(rows_of(entry, Redaction((), (), ""), 10)))
    writer.close()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(ARROW, names)
    assert "missing" in capsys.readouterr().out
    drift = names["drift"].sort("side").to_dicts()  # type: ignore[attr-defined]
    assert [(row["name"], row["mean"], row["missing"]) for row in drift] == [("age", 2.0, 0.5), ("predict", 3.0, 0.0)]
