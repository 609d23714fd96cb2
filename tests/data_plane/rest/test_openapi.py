"""The documents: their examples work as they are, and they list what there is."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import jsonschema
import pytest

from tests.data_plane.oip.trained import TABLE, estimators
from tests.data_plane.rest.served import Worker


def operation(worker: Worker, model: str) -> tuple[str, dict[str, Any]]:
    document = worker.get(f"/v2/models/{model}/openapi.json").json
    assert document["openapi"] == "3.1.0" and document["info"] == {"title": model, "version": "1"}
    ((path, methods),) = document["paths"].items()
    return path, methods["post"]


@pytest.mark.parametrize("model", ["wine", "frame", "text", "table", "terms"])
def test_the_example_works(worker: Worker, model: str):
    path, described = operation(worker, model)
    body = described["requestBody"]["content"]["application/json"]
    jsonschema.validate(body["example"], body["schema"])
    command = ["curl", "-sS", "--fail-with-body", "-m", "30", f"{worker.url}{path}", "-d", json.dumps(body["example"])]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    jsonschema.validate(answer, described["responses"]["200"]["content"]["application/json"]["schema"])
    assert len(answer["predictions"]) == 1


def test_real_columns(worker: Worker):
    _, described = operation(worker, "table")
    body = described["requestBody"]["content"]["application/json"]
    rows = body["schema"]["properties"]["rows"]
    assert rows["items"]["required"] == list(TABLE)
    assert rows["items"]["properties"]["size"] == {"type": ["number", "null"]}
    assert body["example"]["rows"][0]["kind"] in set(TABLE["kind"])  # others are refused by the encoder
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"rows": [{"size": 1}]}, body["schema"])
    for name in ("text", "frame"):
        _, described = operation(worker, name)
        answer = described["responses"]["200"]["content"]["application/json"]["schema"]
        labels = answer["properties"]["predictions"]["items"]["properties"]["predict"]["enum"]
        assert labels == estimators()[name].classes_.tolist()


def test_versions(worker: Worker):
    document = worker.get("/v2/models/text/versions/1/openapi.json").json
    assert list(document["paths"]) == ["/v1/models/text/versions/1:predict"]
    assert worker.get("/v2/models/nothing/openapi.json").status == 404


def test_all_listed_paths_exist(worker: Worker):
    document = worker.get("/openapi.json").json
    assert len(document["paths"]) > 25
    for path, methods in document["paths"].items():
        real = path.replace("{name}", "text").replace("{version}", "1")
        allowed = worker.ask("OPTIONS", real).headers["allow"]
        for method, described in methods.items():
            assert method.upper() in allowed, path
            assert [item["name"] for item in described.get("parameters", [])] == [
                name for name in ("name", "version") if f"{{{name}}}" in path
            ]
        if "get" in methods and "region" not in path:
            assert worker.get(real).status == 200, path
