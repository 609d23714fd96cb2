"""The origin of the present change: who makes it, by which call, and from where."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

ANONYMOUS = "anonymous"
"""Name in records of callers without an identity."""
SYSTEM = "system"
"""Name in records of the server's own work, and of commands on its machine."""


@dataclass(slots=True, eq=False)
class Origin:
    """One call, or the server's own work.  Threads that work for the call share it."""

    method: str
    """Name of the method, such as ``SetAlias``."""
    identity: str = ANONYMOUS
    subject: str = ""
    """The subject of an issuer's token."""
    peer: str = ""
    """The address of the caller."""
    request_id: str = ""
    model: str = ""
    """The model that its request names; of all with a prefix, that and a star."""
    only_asks: bool = False
    """Its request changes nothing, such as one for a dry run."""
    recorded: bool = False
    """A change of this call was committed and recorded."""


ORIGIN: ContextVar[Origin | None] = ContextVar("pretzel_origin", default=None)
"""The origin of the changes of the present context; None for the server's own work."""
