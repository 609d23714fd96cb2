"""The host at which others reach the ports of this machine."""

from __future__ import annotations

from contextlib import suppress

from pretzel.errors import InputError
from pretzel.targets import Target


def reached(advertised: str, host: str) -> str:
    """Return the host of the advertised address, if there is one; else that at which the worker listens."""
    with suppress(InputError):
        server = Target.of(advertised).server if advertised else None
        return server[0] if server else host
    return host
