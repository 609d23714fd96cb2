"""Limit of the header lists that a gRPC server reads."""

from __future__ import annotations

HEADER_BYTES = 16 << 10
"""Largest header list of a call; a larger one fails with RESOURCE_EXHAUSTED."""


def header_options() -> list[tuple[str, int]]:
    """Return options of a gRPC server that give it one limit.

    Between two limits, by default 8 and 16 KiB, gRPC rejects calls at random.  The upper one is 16 MiB until a client
    acknowledges the SETTINGS.
    """
    return [("grpc.max_metadata_size", HEADER_BYTES), ("grpc.absolute_max_metadata_size", HEADER_BYTES)]
