"""The paths of the server's OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
ERROR: Json = {
    "description": "An error",
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
        }
    },
}
_GET = {
    "/v2": "Describe the server",
    "/v2/health/live": "Return 200 while the process runs",
    "/v2/health/ready": "Return 200 when models can be asked",
    "/v2/models/{name}": "Describe the tensors of a model",
    "/v2/models/{name}/ready": "Return 200 if the model can be asked",
    "/v2/models/{name}/config": "Return the configuration of a model",
    "/v2/models/{name}/stats": "Return the statistics of a model",
    "/v2/models/{name}/openapi.json": "Return the document of a model, with its columns and an example",
    "/v2/models/stats": "Return the statistics of all models",
    "/v2/systemsharedmemory/status": "List the registered regions of shared memory",
    "/v2/systemsharedmemory/region/{name}/status": "Describe a region of shared memory",
    "/v1/models/{name}": "Describe the columns, outputs and labels of a model",
    "/ping": "Return 200 when models can be asked",
    "/health": "Return 200 when models can be asked",
    "/version": "Return the version of the server",
    "/openapi.json": "Return this document",
}
_POST = {
    "/v2/models/{name}/infer": "Predict over tensors",
    "/v2/repository/index": "List all versions of all models",
    "/v2/repository/models/{name}/load": "Bring a model into memory",
    "/v2/repository/models/{name}/unload": "Release the memory of a model",
    "/v2/systemsharedmemory/region/{name}/register": "Register a region of shared memory",
    "/v2/systemsharedmemory/region/{name}/unregister": "Forget a region of shared memory",
    "/v2/systemsharedmemory/unregister": "Forget all regions of shared memory",
    "/v1/models/{name}:predict": "Predict over rows as JSON records",
    "/invocations": "Predict as MLflow's scoring server does",
}
_VERSIONED = ("/v2/models/{name}", "/v1/models/{name}")


def paths() -> Json:
    """Return all paths with their methods."""
    found: Json = {}
    for method, described in (("get", _GET), ("post", _POST)):
        for path, summary in described.items():
            for spelled in _spellings(path):
                found.setdefault(spelled, {})[method] = _operation(method, spelled, summary)
    return found


def _spellings(path: str) -> list[str]:
    """Return a path, and the one with a version if there is one."""
    for start in _VERSIONED:
        if path.startswith(start):
            return [path, f"{start}/versions/{{version}}{path.removeprefix(start)}"]
    return [path]


def _operation(method: str, path: str, summary: str) -> Json:
    names = [name for name in ("name", "version") if f"{{{name}}}" in path]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    operation: Json = {"summary": summary, "responses": {"200": {"description": "Done"}, "default": ERROR}}
    if parameters:
        operation["parameters"] = parameters
    if method == "post":
        operation["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return operation
