"""Channel arguments of every client: load balancing, retries and reconnects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pretzel import __version__

PREDICTION = "pretzel.v1.PredictionService"
CONTROL = "pretzel.v1.ControlPlaneService"

# Without PredictStream: gRPC cannot retry a partly answered stream, so the client resends the rest itself.
SAFE_PREDICTION_METHODS = ("Predict", "PredictMany", "DescribeModel")
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
    """Return the service config: round-robin over the servers of an address, and retries of idempotent methods."""
    safe = [{"service": PREDICTION, "method": method} for method in SAFE_PREDICTION_METHODS]
    safe += [{"service": CONTROL, "method": method} for method in SAFE_CONTROL_METHODS]
    retried = {"name": safe, "retryPolicy": _RETRY}
    return json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [retried]})


def channel_options(extra: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the options of one channel; ``extra`` overrides the defaults."""
    options: dict[str, Any] = {
        "grpc.primary_user_agent": f"pretzel/{__version__}",
        "grpc.service_config": service_config(),
        # Workers of one machine share a port, and a connection stays with one worker: each channel needs its own.
        "grpc.use_local_subchannel_pool": 1,
        # gRPC retries only calls that fit this buffer; ours are up to 1 MiB plus the overhead of gRPC.
        "grpc.per_rpc_retry_buffer_size": _RETRY_BUFFER,
        # A response can be larger than its request (a wide transform), and the servers are trusted.
        "grpc.max_receive_message_length": -1,
        # Reconnect to a restarted server before the retries of a call end, after about two seconds.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 500,
    }
    return list((options | dict(extra)).items())
