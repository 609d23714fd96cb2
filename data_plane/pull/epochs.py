"""Whether a worker follows a catalog of another store than the one it serves.

A control plane that lost its catalog, or one that was started on the wrong directory, has another epoch and few models.
A worker that took its word would drop everything.  It goes on serving what it has until someone confirms the change.
"""

from __future__ import annotations

from pretzel.data_plane.catalog import Catalog, listing


def hold_reason(serving: Catalog, offered: Catalog, replaces: str = "", accepted: str = "") -> str:
    """Return why a catalog is not followed, as a sentence for people, or nothing where it is.

    Args:
        serving: what is served now.
        offered: what the control plane says.
        replaces: the epoch that the control plane's operator says it stands in for.
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
