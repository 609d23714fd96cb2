"""Metadata that answers carry besides their status."""

from __future__ import annotations

from pretzel.data_plane.transport.status import Header, Metadata, metadata_fields


class Attached:
    """Metadata for the last fields of predictions, which is renewed now and then.

    A connection gets each renewal once, with its next answer: the same bytes again would say nothing new.
    """

    __slots__ = ("fields", "metadata")

    def __init__(self) -> None:
        self.metadata: Metadata = ()
        self.fields: tuple[Header, ...] = ()
        """The same, encoded; a new object with each renewal."""

    def renew(self, metadata: Metadata) -> None:
        """Replace the metadata."""
        self.metadata, self.fields = metadata, tuple(metadata_fields(metadata))
