"""Channel arguments of every client: load balancing, retries and reconnects; and the turns of its channels."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from pretzel import __version__
from pretzel.client.operations import UnaryCall

CONTROL = "pretzel.v1.ControlPlaneService"

# Without predictions: the client repeats those itself, on another channel and within its budget.
SAFE_CONTROL_METHODS = (
    "FindMissingObjects",
    "DeployModel",  # deploying the same definition again returns the same version
    "ListModels",
    "DescribeVersion",
    "ExplainModel",
)
# SetAlias and DeleteModel are retried by the client itself, which handles a first attempt that took effect.
_RETRY = {
    "maxAttempts": 5,  # gRPC allows no more
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2.5,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_RETRY_BUFFER = 4 << 20


def service_config() -> str:
    """Return the service config: round-robin over the servers of an address, and retries of deployments."""
    safe = [{"service": CONTROL, "method": method} for method in SAFE_CONTROL_METHODS]
    retried = {"name": safe, "retryPolicy": _RETRY}
    return json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [retried]})


def channel_options(extra: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the options of one channel; ``extra`` overrides the defaults."""
    options: dict[str, Any] = {
        "grpc.primary_user_agent": f"pretzel/{__version__}",
        "grpc.service_config": service_config(),
        # Workers of one machine share a port, and a connection stays with one worker: each channel needs its own.
        "grpc.use_local_subchannel_pool": 1,
        # gRPC retries only calls that fit this buffer; those of a deployment are up to 1 MiB plus its overhead.
        "grpc.per_rpc_retry_buffer_size": _RETRY_BUFFER,
        # A response can be larger than its request (a wide transform), and the servers are trusted.
        "grpc.max_receive_message_length": -1,
        # Reconnect to a restarted server before the retries of a call end, after about two seconds.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 500,
    }
    return list((options | dict(extra)).items())


class Turns:
    """The turns of a client's channels, each with its own connections, and often with its own worker."""

    def __init__(self, count: int) -> None:
        self._count, self._turns = count, itertools.count()

    def next(self) -> int:
        """Return the channel whose turn it is."""
        return next(self._turns) % self._count

    def next_for(self, call: UnaryCall) -> int:
        """Return a channel for a call; not that of its last attempt, which failed."""
        turn = next(self._turns) if call.place is None else call.place + 1
        call.place = turn % self._count
        return call.place
