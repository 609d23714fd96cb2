"""Objects in an S3-compatible store, which several control planes of one epoch may share."""

from pretzel.control_plane.store.s3.store import S3Store

__all__ = ["S3Store"]
