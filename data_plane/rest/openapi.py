"""OpenAPI documents: of the server, and of each model with its columns and an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pretzel
from pretzel.adapters.inputs import style_of
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.examples import Examples, schema, schemas
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.json_text import dumps
from pretzel.data_plane.rest.paths import ERROR, paths
from pretzel.data_plane.rest.result_tables import typed_schema
from pretzel.data_plane.rest.rows import Rows, Target
from pretzel.plan.result_tables import method_table

VERSION = "3.1.0"
Json = dict[str, Any]


class Documents:
    """Writes documents."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._rows, self._examples = rows, Examples(backend, rows)

    async def server(self, request: Request) -> Response:
        """Return the document of all paths."""
        return Response(200, dumps(_document("Pretzel", pretzel.__version__, paths())))

    async def model(self, request: Request, name: str, version: str = "") -> Response:
        """Return the document of one version: its rows, its predictions, and an example that it answers."""
        target = await self._rows.target(name, version)
        row = await self._examples.row(target)
        path = f"/v1/models/{name}/versions/{version}:predict" if version else f"/v1/models/{name}:predict"
        number = str(target.signature.version.version)
        return Response(200, dumps(_document(target.signature.model, number, {path: {"post": _predict(target, row)}})))


def _document(title: str, version: str, described: Mapping[str, Any]) -> Json:
    return {"openapi": VERSION, "info": {"title": title, "version": version}, "paths": described}


def _predict(target: Target, row: Any) -> Json:
    rows = {"type": "array", "items": _row_schema(target)}
    outputs = {"type": "array", "items": {"enum": list(target.signature.outputs)}}
    body: Json = {
        "schema": {"type": "object", "required": ["rows"], "properties": {"rows": rows, "outputs": outputs}},
    }
    if row is not None:
        body["example"] = {"rows": [row]}
    answer = {"schema": {"type": "object", "properties": {"predictions": _predictions(target)}}}
    return {
        "summary": f"Predict with {target.signature.model}",
        "operationId": "predict",
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": {"description": "One prediction per row", "content": {"application/json": answer}},
            "default": ERROR,
        },
    }


def _row_schema(target: Target) -> Json:
    style = style_of(target.inputs, target.metadata)
    columns = dict(schemas(target))
    if style == "texts":
        return {"type": "string"}
    if style == "lists":
        return {"type": "array"}
    if style == "records":
        return {"type": "object"}
    if style == "frame" or target.metadata.get("feature_names"):
        return {"type": "object", "required": list(columns), "properties": columns}
    return {"type": "array", "minItems": len(columns), "maxItems": len(columns), "prefixItems": list(columns.values())}


def _predictions(target: Target) -> Json:
    properties: Json = {}
    for name in target.usual:
        found = method_table(name, target.metadata)
        if found is None:
            properties[name] = _output_schema(target.signature, name)
            continue
        method, table, at = found
        column = typed_schema(table.types[at], schema(target.signature.outputs[name].type))
        if table.series:
            properties[method] = column
        else:
            properties.setdefault(method, {"type": "object", "properties": {}})["properties"][str(table.names[at])] = (
                column
            )
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def _output_schema(signature: Signature, name: str) -> Json:
    spec, labels = signature.outputs[name], signature.labels.get(name)
    classes = [label.decode() for label in labels] if labels else []
    if classes and spec.type.width is not None:
        return {"type": "object", "properties": {label: {"type": ["number", "null"]} for label in classes}}
    if classes:
        return {"enum": classes} if spec.datatype == "BYTES" else {"description": "a label"}
    return schema(spec.type)
