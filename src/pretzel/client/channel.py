"""Channel arguments of every client: balancing, retries and keepalive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pretzel import __version__

PREDICTION = "pretzel.v1.PredictionService"
CONTROL = "pretzel.v1.ControlPlaneService"

# PredictStream is not among them: what it has answered cannot be repeated, so the client sends the rest itself.
SAFE_PREDICTION_METHODS = ("Predict", "PredictMany", "DescribeModel")
SAFE_CONTROL_METHODS = (
    "FindMissingObjects",
    "DeployModel",  # the same definition again gives the same version
    "ListModels",
    "DescribeVersion",
    "ExplainModel",
)
# SetAlias and DeleteModel are repeated by the client itself, which knows what a second attempt finds done already.
_RETRY = {
    "maxAttempts": 5,  # gRPC allows no more
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2.5,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_RETRY_BUFFER = 4 << 20


def service_config() -> str:
    """Return the service config: every server of an address takes its turn, and what is safe to repeat is repeated."""
    safe = [{"service": PREDICTION, "method": method} for method in SAFE_PREDICTION_METHODS]
    safe += [{"service": CONTROL, "method": method} for method in SAFE_CONTROL_METHODS]
    retried = {"name": safe, "retryPolicy": _RETRY}
    return json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [retried]})


def channel_options(extra: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the options of one channel; ``extra`` ones win."""
    options: dict[str, Any] = {
        "grpc.primary_user_agent": f"pretzel/{__version__}",
        "grpc.service_config": service_config(),
        # Workers of one machine share a port, and a connection stays with one of them: each channel needs its own.
        "grpc.use_local_subchannel_pool": 1,
        # A call must fit the buffer to be repeated, and ours are up to 1 MiB with what gRPC adds.
        "grpc.per_rpc_retry_buffer_size": _RETRY_BUFFER,
        # An answer can be larger than the question (a wide transform), and the servers are trusted.
        "grpc.max_receive_message_length": -1,
        # A server that restarts must be found again while a call is still tried: that is for about two seconds.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 500,
    }
    return list((options | dict(extra)).items())
