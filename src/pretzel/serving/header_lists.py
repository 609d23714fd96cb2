"""Limit of the header lists that a gRPC server reads."""

from __future__ import annotations

HEADER_BYTES = 16 << 10
"""Largest header list of a call; a larger one fails with RESOURCE_EXHAUSTED."""


def header_options() -> list[tuple[str, int]]:
    """Return options of a gRPC server for its one limit.

    Between two limits, by default 8 KiB and 16 MiB, gRPC rejects a random part of the calls: of 20,000 bytes 7 in 10,000.
    """
    return [("grpc.max_metadata_size", HEADER_BYTES), ("grpc.absolute_max_metadata_size", HEADER_BYTES)]
