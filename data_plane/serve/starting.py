"""Parts of a serving process that its start message or its settings describe."""

from __future__ import annotations

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.serve.accepting import Acceptor
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise.link import Message
from pretzel.data_plane.transport.meters import Meters


def acceptor_of(start: Message) -> Acceptor | None:
    """Return what takes connections from other processes; None if each process listens."""
    return Acceptor(start["spread"], start["slot"]) if start.get("spread") else None


def meters_of(start: Message, tally: Tally) -> Meters:
    """Return the counts of identities, which all processes of a worker share."""
    return Meters(start["settings"]["workers"], start.get("slot", 0), start.get("meters", ""), tally.limits)


def limits_of(settings: Settings) -> Limits:
    """Return the bounds of the engine."""
    return Limits(
        settings.inline_seconds,
        settings.queue_limit,
        settings.request_memory,
        settings.max_message_bytes,
        settings.shed_after_seconds,
    )
