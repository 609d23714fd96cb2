"""The audit trail of a catalog: who changed what, from where, and with which outcome.

A change calls :func:`record` (or :func:`watched`) inside its own write transaction, and needs nothing else: the caller
is in :data:`ORIGIN`.
"""

from pretzel.control_plane.catalog.audit.origin import ANONYMOUS, ORIGIN, SYSTEM, Origin
from pretzel.control_plane.catalog.audit.recording import Change, record
from pretzel.control_plane.catalog.audit.watching import collecting, deleting, watched

__all__ = ["ANONYMOUS", "ORIGIN", "SYSTEM", "Change", "Origin", "collecting", "deleting", "record", "watched"]
