"""`POST /v1/models/NAME:predict`: rows as JSON records in, predictions as JSON records out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.context import deadline_of
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.infer import LARGE
from pretzel.data_plane.rest.json_text import dumps, kind_of, loads_object
from pretzel.data_plane.rest.records import Packer
from pretzel.data_plane.rest.rows import Rows, Target
from pretzel.data_plane.rest.tables import from_rows
from pretzel.errors import InputError

ROWS, INSTANCES = "rows", "instances"
_KNOWN = (ROWS, INSTANCES, "outputs")


class Predict:
    """Answers the plain protocol."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._backend, self._rows = backend, rows

    async def predict(self, request: Request, model: str, version: str = "") -> Response:
        """Answer with one record per row: by default, labels or values, and probabilities."""
        deadline = deadline_of(request)
        body = loads_object(request.body, "`rows`, an array of one object per row")
        _check(body)
        target = await self._rows.target(model, version)
        outputs = target.outputs(_methods(body)) or target.usual
        rows = body[ROWS] if ROWS in body else body[INSTANCES]

        def make(signature: Signature, metadata: Mapping[str, Any]) -> Any:
            return from_rows(rows, signature, metadata)

        head = {"model": target.signature.model, "version": str(target.signature.version.version)}
        pack = Packer(target.signature, self._backend.settings.max_message_bytes, head, bare=False)
        large = len(request.body) > LARGE
        return Response(
            200, await self._rows.score(target, make, outputs, deadline, pack, method="predict", large=large)
        )

    async def describe(self, request: Request, model: str, version: str = "") -> Response:
        """Describe a model: its columns, outputs and labels."""
        target = await self._rows.target(model, version)
        return Response(200, dumps(self._described(target)))

    def _described(self, target: Target) -> dict[str, Any]:
        signature = target.signature
        found = self._backend.router.catalog.get(signature.model)
        return {
            "name": signature.model,
            "ready": True,
            "version": str(signature.version.version),
            "versions": [str(one.version) for one in found.versions] if found else [],
            "aliases": {name: str(number) for name, number in found.aliases.items()} if found else {},
            "columns": columns_of(signature),
            "outputs": [{"name": spec.name, "type": str(spec.type)} for spec in signature.outputs.values()],
            "labels": {name: [label.decode() for label in labels] for name, labels in signature.labels.items()},
        }


def columns_of(signature: Signature) -> list[dict[str, str]]:
    """Return the columns of a row and their types; a model of documents or lists has one without a name of its own."""
    columns = {column.name: str(column.type) if column.type else "any" for column in signature.columns}
    columns = columns or {spec.name: str(spec.type) for spec in signature.inputs.values()}
    return [{"name": name, "type": kind} for name, kind in columns.items()]


def _check(body: Mapping[str, Any]) -> None:
    for name in body:
        if name not in _KNOWN:
            raise wrong(name, f"body: unknown field {quoted(name)}; expected {', '.join(_KNOWN)}")
    if (ROWS in body) == (INSTANCES in body):
        raise InputError(f"body: expected either `{ROWS}` or `{INSTANCES}`, an array with one item per row")


def _methods(body: Mapping[str, Any]) -> list[str]:
    methods = body.get("outputs", [])
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        raise wrong("outputs", f"outputs: expected an array of names, got {kind_of(methods)}")
    return methods
