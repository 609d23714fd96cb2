"""Channel arguments of every client: load balancing and reconnects; and the turns of its channels."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from pretzel import __version__
from pretzel.client.operations import UnaryCall

# Without a policy of retries: the clients repeat calls themselves, and gRPC's own retries of a stream may outlast its
# deadline when the server is killed (seen with grpcio 1.85).
_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})


def channel_options(extra: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Return the options of one channel; ``extra`` overrides the defaults."""
    options: dict[str, Any] = {
        "grpc.primary_user_agent": f"pretzel/{__version__}",
        "grpc.service_config": _SERVICE_CONFIG,
        # Workers of one machine share a port, and a connection stays with one worker: each channel needs its own.
        "grpc.use_local_subchannel_pool": 1,
        # A response can be larger than its request (a wide transform), and the servers are trusted.
        "grpc.max_receive_message_length": -1,
        # From 8 KiB to 16 MiB of trailers, gRPC by default drops a random part of the errors.
        "grpc.max_metadata_size": 16 << 20,
        "grpc.absolute_max_metadata_size": 16 << 20,
        # Reconnect to a restarted server before the retries of a call end.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 500,
    }
    return list((options | dict(extra)).items())


class Turns:
    """The turns of a client's channels, each with its own connections, and often with its own worker."""

    def __init__(self, count: int) -> None:
        """Take turns among so many channels."""
        self._count, self._turns = count, itertools.count()

    @property
    def present(self) -> int:
        """Return the channel of the calls that begin now, if they have the same."""
        return 0

    def leave(self, place: int) -> None:
        """Do nothing: the next call uses another channel anyway."""

    def next(self) -> int:
        """Return the channel whose turn it is."""
        return next(self._turns) % self._count

    def next_for(self, call: UnaryCall) -> int:
        """Return a channel for a call; not that of its last attempt, which failed."""
        turn = next(self._turns) if call.place is None else call.place + 1
        call.place = turn % self._count
        return call.place


class Stay(Turns):
    """The channels of a client that stays with one server until that is unavailable."""

    def __init__(self, count: int) -> None:
        """Begin with the first of so many channels."""
        super().__init__(count)
        self._present = 0

    @property
    def present(self) -> int:
        """Return the channel of all calls that begin now."""
        return self._present

    def leave(self, place: int) -> None:
        """Go on with the channel after one whose server is unavailable; another call may have left it already."""
        if self._present == place:
            self._present = (place + 1) % self._count

    def next(self) -> int:
        """Return the present channel."""
        return self._present

    def next_for(self, call: UnaryCall) -> int:
        """Return the present channel; a call that failed on it has left it."""
        call.place = self._present
        return call.place
