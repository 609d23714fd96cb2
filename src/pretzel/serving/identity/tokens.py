"""Static bearer tokens: made from random bytes, kept as salted hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Self

PREFIX = "pretzel"
_TOKEN = re.compile(PREFIX + r"_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_HASH = re.compile(r"sha256:([0-9a-f]{16}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class TokenHash:
    """The hash of a token, as the file of identities has it."""

    id: str
    """The public part of the token: it is the salt of the hash, and finds it."""
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a hash.

        Raises:
            ValueError: it has another form; the message does not show it, for it may be a token.
        """
        match = _HASH.fullmatch(text)
        if match is None:
            raise ValueError("expected sha256:ID:HASH, as `pretzel token` prints it")
        return cls(match[1], bytes.fromhex(match[2]))

    @classmethod
    def of(cls, token: str) -> Self:
        """Return the hash of a token.

        Raises:
            ValueError: it is not a token of ``pretzel token``; the message does not show it.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError("expected a token that `pretzel token` made")
        return cls(match[1], digest_of(token))

    def matches(self, digest: bytes) -> bool:
        """Return whether a token has this hash, in constant time; ``digest`` is that of the token."""
        return hmac.compare_digest(self.digest, digest)

    def __str__(self) -> str:
        """Return the form that :meth:`parse` reads."""
        return f"sha256:{self.id}:{self.digest.hex()}"


def new_token() -> str:
    """Return a new token: a public identifier, and 256 random bits."""
    return f"{PREFIX}_{secrets.token_hex(8)}_{secrets.token_urlsafe(32)}"


def id_of(token: str) -> str | None:
    """Return the public part of a token; None if it is none of ``pretzel token``."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def digest_of(token: str) -> bytes:
    """Return the SHA-256 of a token; its random bits make a slower hash needless."""
    return hashlib.sha256(token.encode()).digest()
