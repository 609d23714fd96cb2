"""Decides whether a worker follows the catalog of another store than the one it serves.

A control plane that lost its catalog, or was started on the wrong directory, has another epoch and few models.  A
worker that followed it would drop everything.  It keeps serving its models until an operator confirms the change.
"""

from __future__ import annotations

from pretzel.data_plane.catalog import Catalog, listing


def hold_reason(serving: Catalog, offered: Catalog, replaces: str = "", accepted: str = "") -> str:
    """Return why a catalog is not followed, as a readable sentence; empty if it is followed.

    Args:
        serving: the catalog served now.
        offered: the catalog of the control plane.
        replaces: the epoch that the control plane's operator declares replaced.
        accepted: the epoch that this worker's operator accepts.
    """
    if not serving.records or offered.epoch in (serving.epoch, accepted) or (replaces and replaces == serving.epoch):
        return ""
    gone = sorted(serving.records.keys() - offered.records.keys())
    if not gone:
        return ""
    return (
        f"the control plane's store is of epoch {offered.epoch}, and lacks models that are served from epoch "
        f"{serving.epoch or 'unknown'}: {listing(gone)}; nothing is changed until the worker is started with "
        f"--accept-epoch {offered.epoch}, or the control plane with --replaces {serving.epoch or 'EPOCH'}"
    )
