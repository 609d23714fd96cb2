"""Digests that address immutable bytes: a SHA-256 together with a size."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from pretzel.errors import DefinitionError

_TEXT = re.compile(r"sha256:([0-9a-f]{64})/(\d{1,19})")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The address of an object.  It includes the size so that a reader can allocate or reject before it hashes."""

    hex: str
    size: int

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """Return the digest of ``data``, any contiguous buffer."""
        view = memoryview(data)
        return cls(hashlib.sha256(view).hexdigest(), view.nbytes)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str()`` wrote: ``sha256:<64 hex digits>/<size in bytes>``.

        Raises:
            DefinitionError: the text has another form.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise DefinitionError(f"digest {text[:100]!r}: expected sha256:<64 hex digits>/<size>")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        """Return ``sha256:<hex>/<size>``."""
        return f"sha256:{self.hex}/{self.size}"

    @property
    def short(self) -> str:
        """The first twelve hex digits, for display."""
        return self.hex[:12]
