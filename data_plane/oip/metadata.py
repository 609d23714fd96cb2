"""Metadata and configurations of models, and of the server."""

from __future__ import annotations

from typing import Any

import pretzel
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.datatypes import BYTES, DTYPES, number_of
from pretzel.data_plane.oip.signature import Signature, Spec
from pretzel.inference import model_config_pb2 as config
from pretzel.inference import service_pb2 as pb
from pretzel.plan.dates import is_form
from pretzel.plan.result_tables import method_table

PLATFORM = "pretzel"
EXTENSIONS = (
    *("binary_tensor_data", "classification", "logging", "model_configuration"),
    *("model_repository", "parameters", "statistics"),
)
_MOST_BATCH = 2**31 - 1
_LEAST_TEXT = 4
"""Bytes that an empty text takes."""


def server_metadata(*, shared_memory: bool) -> pb.ServerMetadataResponse:
    """Return the name, the version and the extensions of this server."""
    extensions = sorted((*EXTENSIONS, "system_shared_memory")) if shared_memory else EXTENSIONS
    return pb.ServerMetadataResponse(name=PLATFORM, version=pretzel.__version__, extensions=extensions)


async def model_metadata(backend: Backend, request: pb.ModelMetadataRequest) -> pb.ModelMetadataResponse:
    """Return the tensors of a version, and the versions of its model."""
    route = await backend.route(request.name, request.version)
    signature = await backend.signatures.get(route)
    model = backend.router.catalog.get(signature.model)
    versions = [version.version for version in model.versions] if model else [signature.version.version]
    return pb.ModelMetadataResponse(
        name=signature.model,
        versions=map(str, versions),
        platform=PLATFORM,
        inputs=map(_tensor, signature.inputs.values()),
        outputs=map(_tensor, signature.outputs.values()),
    )


async def model_config(backend: Backend, request: pb.ModelConfigRequest) -> pb.ModelConfigResponse:
    """Return the configuration of a version as Triton's tools read it."""
    route = await backend.route(request.name, request.version)
    signature = await backend.signatures.get(route)
    return pb.ModelConfigResponse(config=_config(signature, backend.settings.max_message_bytes))


def _config(signature: Signature, most_bytes: int) -> config.ModelConfig:
    return config.ModelConfig(
        name=signature.model,
        platform=PLATFORM,
        backend=PLATFORM,
        version_policy=config.ModelVersionPolicy(all=config.ModelVersionPolicy.All()),
        max_batch_size=min(_MOST_BATCH, max(1, most_bytes // _row_bytes(signature))),
        input=[config.ModelInput(**_entry(spec)) for spec in signature.inputs.values()],
        output=[config.ModelOutput(**_entry(spec)) for spec in signature.outputs.values()],
        model_transaction_policy=config.ModelTransactionPolicy(decoupled=False),
        response_cache=config.ModelResponseCache(enable=False),
        parameters={name: config.ModelParameter(string_value=text) for name, text in _described(signature).items()},
    )


def _described(signature: Signature) -> dict[str, str]:
    """Return the type of each tensor of dates or time spans, and the column of each output that is one of a table.

    Their integers are ticks of the type's unit since 1970 in UTC.
    """
    metadata = signature.version.metadata
    dates = dict(metadata.get("dates") or {})
    columns: dict[str, str] = {}
    for output in signature.outputs:
        if (found := method_table(output, metadata)) is not None:
            _, table, at = found
            columns[f"column.{output}"] = "" if table.names[at] is None else str(table.names[at])
            if isinstance(table.types[at], str) and is_form(table.types[at]):
                dates[output] = table.types[at]
    return {f"dates.{name}": form for name, form in dates.items()} | columns


def _entry(spec: Spec) -> dict[str, Any]:
    return {"name": spec.name, "data_type": number_of(spec.datatype), "dims": spec.dims}


def _tensor(spec: Spec) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(name=spec.name, datatype=spec.datatype, shape=spec.shape)


def _row_bytes(signature: Signature) -> int:
    """Return the least bytes that one row takes in a message."""
    return max(1, sum(_width(spec) for spec in signature.inputs.values()))


def _width(spec: Spec) -> int:
    if spec.type.layout == "ragged":
        return 0
    return spec.type.columns * (_LEAST_TEXT if spec.datatype == BYTES else DTYPES[spec.datatype].itemsize)
