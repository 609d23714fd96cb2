"""`POST /invocations`: MLflow's scoring protocol, which SageMaker's containers speak too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.context import deadline_of
from pretzel.data_plane.rest.csv_rows import from_csv
from pretzel.data_plane.rest.http.messages import JSON, Request, Response
from pretzel.data_plane.rest.infer import LARGE
from pretzel.data_plane.rest.json_text import kind_of, loads_object
from pretzel.data_plane.rest.records import Packer
from pretzel.data_plane.rest.rows import Rows, Target
from pretzel.data_plane.rest.statuses import HttpError
from pretzel.data_plane.rest.tables import from_columns, from_rows, from_split
from pretzel.errors import InputError, NotFoundError
from pretzel.serving.identity.caller import visible

HEADERS = (b"x-pretzel-model", b"x-amzn-sagemaker-target-model")
FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
METHOD = "predict_method"
"""The name among ``params`` that chooses another method than `predict`."""
_CSV = ("text/csv", "application/csv")
_ACCEPTED = (JSON, *_CSV)
Make = Callable[[Signature, Mapping[str, Any]], Any]


class Invocations:
    """Answers the scoring protocol for one model, which no path names."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._backend, self._rows = backend, rows

    async def invoke(self, request: Request) -> Response:
        """Answer with the predictions of all rows."""
        deadline = deadline_of(request)
        target = await self._rows.target(self._model(request))
        make, params = _read(request)
        outputs = target.outputs([_method(params, target)])
        pack = Packer(target.signature, self._backend.settings.max_message_bytes, {}, bare=True)
        large = len(request.body) > LARGE
        return Response(
            200, await self._rows.score(target, make, outputs, deadline, pack, method="invocations", large=large)
        )

    def _model(self, request: Request) -> str:
        """Return the model that a request is for: of its header, of the option, or the only one.

        Raises:
            HttpError: there are several.
            NotFoundError: there is none.
        """
        for name in HEADERS:
            if named := request.header(name):
                return named
        if self._backend.settings.invocations_model:
            return str(self._backend.settings.invocations_model)
        catalog = self._backend.router.catalog
        names = sorted(name for name in filter(visible(), catalog.records) if not catalog.is_elsewhere(name))
        if len(names) == 1:
            return names[0]
        choose = f"name it in the header field {HEADERS[0].decode()}, or by --invocations-model of the worker"
        if not names:
            raise NotFoundError("/invocations: no model is deployed; deploy one")
        raise HttpError(400, f"/invocations: {len(names)} models are deployed ({', '.join(names[:5])}, ...); {choose}")


def _read(request: Request) -> tuple[Make, Mapping[str, Any]]:
    """Return a function that makes X, and the parameters."""
    if request.content_type in _CSV:
        return lambda signature, metadata: from_csv(request.body, signature, metadata), {}
    if request.content_type not in ("", JSON):
        known = " or ".join(_ACCEPTED[:2])
        raise HttpError(415, f"content-type {request.content_type[:100]!r}: expected {known}")
    body = loads_object(request.body, f"one of {', '.join(FORMS)}")
    found = [form for form in FORMS if form in body]
    if len(found) != 1:
        raise InputError(f"body: expected one of {', '.join(FORMS)}, got {', '.join(found) or 'none'}")
    params = body.get("params") or {}
    if not isinstance(params, dict):
        raise wrong("params", f"params: expected an object, got {kind_of(params)}")
    return _maker(found[0], body[found[0]]), params


def _maker(form: str, value: Any) -> Make:
    if form == "dataframe_split":
        if not isinstance(value, dict) or "data" not in value:
            raise wrong(form, f"{form}: expected an object with columns and data, got {kind_of(value)}")
        return lambda signature, metadata: from_split(value.get("columns"), value["data"], signature, metadata)
    if form == "inputs" and isinstance(value, dict):
        return lambda signature, metadata: from_columns(_listed(value), signature, metadata)
    return lambda signature, metadata: from_rows(value, signature, metadata)


def _listed(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns of which each value may be alone in an array."""
    return {
        name: [item[0] if isinstance(item, list) and len(item) == 1 else item for item in values]
        if isinstance(values, list)
        else values
        for name, values in columns.items()
    }


def _method(params: Mapping[str, Any], target: Target) -> str:
    for name in params:
        if name != METHOD:
            raise wrong(name, f"params: unknown name {quoted(name)}; expected {METHOD}")
    method = params.get(METHOD, "predict" if "predict" in target.usual[0] else target.usual[0])
    if not isinstance(method, str):
        raise wrong(METHOD, f"params: expected {METHOD} as a string, got {kind_of(method)}")
    return method
