"""Settings of traces and request logs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pretzel.serving.settings import Bytes, Names, ServerSettings

MIB = 1 << 20


class TelemetrySettings(ServerSettings):
    """The part of a worker's settings that says which calls are recorded; by default none."""

    tracing: bool = False
    """Send traces by OpenTelemetry, as the OTEL_ variables say: those of calls whose client traces them, and others
    only if OTEL_TRACES_SAMPLER says so."""
    triton_metrics: bool = False
    """Serve Triton's nv_inference_ metrics too, of calls of the Open Inference Protocol."""
    request_log: Path | None = None
    """Directory of the request logs: columns and answers of some calls; without it, none are kept."""
    request_log_rate: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Share of the calls that are logged, drawn at random."""
    request_log_format: Literal["jsonl", "arrow"] = "jsonl"
    """Form of the files: lines of JSON, one per row; or Arrow streams, one record per value."""
    request_log_drop: Names = []
    """Columns, and outputs, whose values are not logged, as `name,pii_*`; `*` for all."""
    request_log_hash: Names = []
    """Columns, and outputs, of whose values only keyed hashes are logged."""
    request_log_key: str = Field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """Key of these hashes; by default another one after each start, so that hashes cannot be compared."""
    request_log_rows: Annotated[int, Field(ge=1)] = 100
    """Rows that are logged of one call, the first ones."""
    request_log_file_bytes: Annotated[Bytes, Field(ge=MIB)] = 64 * MIB
    """Size from which another file is begun."""
    request_log_files: Annotated[int, Field(ge=1)] = 8
    """Files that each serving process keeps; older ones are deleted."""

    @model_validator(mode="after")
    def _check_libraries(self) -> Self:
        if self.tracing:
            _need("opentelemetry.exporter.otlp.proto.grpc", "tracing", "pip install 'pretzel[telemetry]'")
        if self.request_log is not None and self.request_log_format == "arrow":
            _need("pyarrow", "request_log_format arrow", "pip install pyarrow")
        return self


def _need(module: str, setting: str, remedy: str) -> None:
    """Raise ValueError if a module is not installed."""
    try:
        __import__(module)
    except ImportError:
        raise ValueError(f"{setting} needs a package that is not installed: {remedy}") from None
