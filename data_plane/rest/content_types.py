"""MLServer's content types: `pd` reads the inputs as a table, `np` as an array, and `str` as documents.

X is then what the library would get, with missing texts and the types of NumPy, and the answer is the library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.datatypes import BYTES, DTYPES
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.outputs import Packer
from pretzel.data_plane.oip.parameters import options_of
from pretzel.data_plane.oip.requests import requested_of
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.rest.http.messages import Response
from pretzel.data_plane.rest.infer_requests import Asked
from pretzel.data_plane.rest.infer_responses import response_of
from pretzel.data_plane.rest.rows import Rows
from pretzel.data_plane.rest.tables import from_columns
from pretzel.data_plane.rest.tensors import array_of, pieces_of
from pretzel.errors import InputError

KINDS = ("np", "pd", "str")
LARGE = 2000
"""Elements from which inputs are converted on a thread."""


class ContentTypes:
    """Answers requests with a content type."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._backend, self._rows = backend, rows
        self._regions = Regions(enabled=False)

    async def infer(self, asked: Asked, deadline: float) -> Response:
        """Answer a request.

        Raises:
            InputError: its inputs are not of the content type, or do not fit the model.
        """
        if asked.content_type not in KINDS:
            known = ", ".join(KINDS)
            raise wrong("content_type", f"content_type {quoted(asked.content_type)}: expected one of {known}")
        message = asked.message
        target = await self._rows.target(message.model_name, message.model_version)
        timeout = options_of(message.parameters).timeout
        requested = requested_of(message.outputs, target.signature, self._regions)
        packer = Packer(target.signature, message.id, requested, self._backend.settings.max_message_bytes)

        def make(signature: Signature, metadata: Mapping[str, Any]) -> Any:
            return x_of(asked, signature, metadata)

        answer = await self._rows.score(
            target,
            make,
            tuple(requested) or None,
            self._rows.earlier(deadline, timeout),
            packer,
            method="infer",
            large=sum(prod(item.shape) for item in message.inputs) > LARGE,
        )
        return response_of(answer, asked)


def x_of(asked: Asked, signature: Signature, metadata: Mapping[str, Any]) -> Any:
    """Return X of the inputs.

    Raises:
        InputError: there is not exactly one where one is needed, or one is of another type.
    """
    tensors = asked.tensors
    if not tensors:
        raise wrong("inputs", "inputs: expected at least one")
    if asked.content_type == "pd":
        columns: dict[str, Any] = {}
        for tensor in tensors:
            name = tensor.get("name", "")
            if name in columns:
                raise wrong(name, f"input {quoted(name)}: given twice")
            columns[name] = _column(tensor)
        return from_columns(columns, signature, metadata, ordered=True)
    if len(tensors) > 1:
        problem = f"content_type {quoted(asked.content_type)}: expected one input, got {len(tensors)}"
        raise wrong("inputs", f"{problem}; pd reads several as columns")
    return _documents(tensors[0]) if asked.content_type == "str" else _array(tensors[0])


def _column(tensor: dict[str, Any]) -> Any:
    """Return one column: texts as a list, numbers as an array of their type."""
    name, shape = tensor["name"], tensor["shape"]
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
        raise wrong(name, f"input {quoted(name)}: a column has the shape [rows] or [rows,1], not {shape}")
    return _texts(tensor) if tensor["datatype"] == BYTES else _numbers(tensor)


def _array(tensor: dict[str, Any]) -> Any:
    if tensor["datatype"] == BYTES:
        return np.array(_texts(tensor), object).reshape(tensor["shape"])
    return _numbers(tensor).reshape(tensor["shape"])


def _documents(tensor: dict[str, Any]) -> list[Any]:
    if tensor["datatype"] != BYTES:
        name = tensor["name"]
        raise wrong(name, f"input {quoted(name)}: content_type 'str' needs BYTES, got {tensor['datatype'][:20]}")
    return _texts(tensor)


def _numbers(tensor: dict[str, Any]) -> np.ndarray:
    name, datatype, shape = tensor["name"], tensor.get("datatype", ""), tuple(tensor["shape"])
    if datatype not in DTYPES or datatype == "BF16":
        raise wrong(name, f"input {quoted(name)}: datatype '{datatype[:20]}' has no type in NumPy")
    if "raw" not in tensor:
        if not isinstance(tensor.get("data"), list):
            raise wrong(name, f"input {quoted(name)}: expected data as an array")
        return array_of(name, datatype, shape, tensor["data"])
    return np.frombuffer(_sized(tensor, DTYPES[datatype].itemsize), DTYPES[datatype])


def _sized(tensor: dict[str, Any], width: int) -> bytes:
    raw: bytes = tensor["raw"]
    want = width * int(np.prod(tensor["shape"], dtype=np.int64))
    if len(raw) != want:
        name = tensor["name"]
        raise wrong(name, f"input byte size mismatch for input {quoted(name)}. Expected {want}, got {len(raw)}")
    return raw


def _texts(tensor: dict[str, Any]) -> list[Any]:
    """Return texts, of which null is a missing one."""
    name, count = tensor["name"], int(np.prod(tensor["shape"], dtype=np.int64))
    if "raw" in tensor:
        values: list[Any] = [_decoded(name, piece) for piece in pieces_of(name, tensor["raw"])]
    else:
        values = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in tensor.get("data") or []]
    if len(values) != count:
        raise wrong(
            name, f"unexpected number of elements for input {quoted(name)}. Expected {count}, got {len(values)}"
        )
    return values


def _decoded(name: str, piece: bytes) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"input {quoted(name)}: not UTF-8 ({error.reason})") from None
