"""Requests of `pretzel.v1`, from the descriptions of the models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pretzel.adapters.inputs import columns_of
from pretzel.client import AsyncClient
from pretzel.errors import NotFoundError
from pretzel.loadgen.calls import Request
from pretzel.loadgen.protocols import Prepared, Wanted
from pretzel.loadgen.protocols.columns import random_columns
from pretzel.loadgen.server import Server
from pretzel.plan.model import ModelDescription
from pretzel.plan.multioutput import outputs_of
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

PATH = "/pretzel.v1.PredictionService/Predict"
_CHECKS = 5
"""Calls before the run: their errors name what is wrong."""
_AT_ONCE = 64


class Rows(Sized, Protocol):
    """Some rows of a file."""

    X: Any

    def located(self) -> AbstractContextManager[None]:
        """Translate errors about rows to lines of the file."""


Read = Callable[[ModelDescription, int], Rows]
"""Reads a number of rows for a model."""


async def prepare(server: Server, wanted: Wanted, method: str, read: Read | None) -> Prepared:
    """Describe the models, check the first one by a few calls, and prepare the requests.

    Raises:
        PretzelError: the server cannot be reached, has not all models, or refuses the rows.
    """
    tls = server.tls
    files = {"tls_ca": tls.ca, "tls_cert": tls.cert, "tls_key": tls.key}
    own = {"token": server.bearer.token if server.bearer else None, "insecure_token": server.insecure_token}
    async with AsyncClient(server.address, timeout=server.timeout, channels=1, **files, **own) as client:
        descriptions = await _describe(client, dict.fromkeys(model for model, _ in wanted))
        maker = _Maker(method or next(iter(descriptions.values())).outputs[0].name, read)
        requests = [maker.request(model, descriptions[model], rows) for model, rows in wanted]
        first, rows = wanted[0]
        await maker.check(client, first, descriptions[first], rows)
    return Prepared(str(descriptions[first].version), maker.method, requests)


async def _describe(client: AsyncClient, models: Iterable[str]) -> Mapping[str, ModelDescription]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def describe(model: str) -> ModelDescription:
        async with places:
            return await client.describe(model)

    names = list(models)
    return dict(zip(names, await asyncio.gather(*map(describe, names)), strict=True))


class _Maker:
    """Makes the requests of one method."""

    def __init__(self, method: str, read: Read | None) -> None:
        self.method, self._read = method, read
        self._random: dict[tuple[Any, int], bytes] = {}
        self._files: dict[tuple[Any, int], Rows] = {}

    def request(self, model: str, description: ModelDescription, rows: int) -> Request:
        count, columns = self._columns(description, rows)
        head = pb.PredictRequest(model=model, outputs=self._outputs(description)).SerializeToString()
        return Request(model, count, PATH, head + columns)

    def _columns(self, description: ModelDescription, rows: int) -> tuple[int, bytes]:
        """Return the number of rows, and their message."""
        if self._read is not None:
            batch = self._rows(description, rows)
            with batch.located():
                inputs, metadata = description.inputs, description.version.metadata
                return len(batch), _message(columns_of(batch.X, inputs, metadata, self.method))
        key = repr(description.inputs), rows
        if key not in self._random:
            self._random[key] = _message(random_columns(description.inputs, rows))
        return rows, self._random[key]

    def _rows(self, description: ModelDescription, rows: int) -> Rows:
        assert self._read is not None
        key = repr(description.inputs), rows
        if key not in self._files:
            self._files[key] = self._read(description, rows)
        return self._files[key]

    def _outputs(self, description: ModelDescription) -> Sequence[str]:
        names = [output.name for output in description.outputs]
        if not (found := outputs_of(self.method, names)):
            model = description.version.model
            raise NotFoundError(f"model {model!r} has no output {self.method!r}; it has {', '.join(names)}")
        return found

    async def check(self, client: AsyncClient, model: str, description: ModelDescription, rows: int) -> None:
        """Call a model as the SDK does; errors in rows of a file name its lines and columns."""
        for _ in range(_CHECKS):
            if self._read is None:
                await client.infer(model, random_columns(description.inputs, rows), self._outputs(description))
            else:
                batch = self._rows(description, rows)
                with batch.located():
                    await client.score(model, batch.X, self.method)


def _message(columns: Mapping[str, Any]) -> bytes:
    return pb.PredictRequest(columns=columns_to_proto(columns)).SerializeToString()
