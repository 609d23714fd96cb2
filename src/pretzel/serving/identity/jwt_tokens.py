"""Tokens of OpenID Connect: their signature, issuer, audience and time, and the claims in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.errors import UnauthenticatedError
from pretzel.serving.identity.file import Issuer, Jwt
from pretzel.serving.identity.keys import Keys

LONGEST = 4 << 10
"""Bytes of a token; longer ones are not looked at."""
_STRAY = (RecursionError, OverflowError, ValueError, TypeError)
"""Errors that the library lets out for odd tokens, such as nested headers and times beyond all numbers."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of a token whose signature is right."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    expires: float
    """The time of ``time.monotonic()`` at which it ends."""

    def matches(self, wanted: Jwt) -> bool:
        """Return whether the token is of this subject, and has these claims."""
        if self.issuer != wanted.issuer or wanted.subject not in (None, self.subject):
            return False
        return all(_has(self.claims.get(name), value) for name, value in wanted.claims.items())


class JwtVerifier:
    """Verifies tokens of some issuers."""

    def __init__(self, issuers: Iterable[Issuer], last: JwtVerifier | None = None) -> None:
        """Read the keys that are in files; keys that ``last`` has fetched stay.

        Raises:
            PreconditionError: a file has no keys, or PyJWT is not installed.
        """
        fetched = last.fetched if last else {}
        self._issuers = {one.issuer: (one, fetched.get((one.jwks_url, one.jwks_ca)) or Keys(one)) for one in issuers}

    @property
    def fetched(self) -> dict[tuple[str | None, Path | None], Keys]:
        """Return the keys that come from a URL, by it and the file of its authorities."""
        return {(one.jwks_url, one.jwks_ca): keys for one, keys in self._issuers.values() if one.jwks_url}

    @property
    def keys(self) -> list[Keys]:
        """Return the keys of all issuers."""
        return [keys for _, keys in self._issuers.values()]

    def verify(self, token: str) -> Verified:
        """Return the claims of a token.

        Raises:
            UnauthenticatedError: it is not of a known issuer, not for this audience, expired, or not signed rightly.
        """
        import jwt

        if not self._issuers or len(token) > LONGEST:
            raise refused("unknown token; ask for one that this server knows")
        try:
            header = jwt.get_unverified_header(token)
            stated = jwt.decode(token, options={"verify_signature": False}).get("iss")
            issuer, keys = self._issuers.get(stated, (None, None)) if isinstance(stated, str) else (None, None)
            if issuer is None or keys is None:
                raise refused(f"token of the issuer {str(stated)[:100]!r}, which this server does not accept")
            if header.get("alg") not in issuer.algorithms:
                names = ", ".join(issuer.algorithms)
                raise refused(f"token signed by {str(header.get('alg'))[:20]!r}: expected {names}")
            key = keys.find(header.get("kid"))
            if key is None:
                shown = str(header.get("kid"))[:60]
                raise refused(f"token signed with the key {shown!r}, which the issuer does not publish (yet); retry")
            return self._claims(token, issuer, key)
        except (jwt.PyJWTError, *_STRAY) as error:
            raise _refusal(jwt, error) from None

    def _claims(self, token: str, issuer: Issuer, key: Any) -> Verified:
        import jwt

        claims = jwt.decode(
            token,
            key,
            algorithms=issuer.algorithms,
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=issuer.leeway_seconds,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        left = float(claims["exp"]) + issuer.leeway_seconds - time.time()
        return Verified(issuer.issuer, str(claims["sub"]), claims, time.monotonic() + left)


def refused(message: str, reason: str = "unknown_credential") -> UnauthenticatedError:
    """Return the error of a credential, which the message must not show."""
    error = UnauthenticatedError(message)
    error.reason = reason
    return error


def _refusal(jwt: Any, error: Exception) -> UnauthenticatedError:
    if isinstance(error, jwt.ExpiredSignatureError):
        return refused("the token has expired; get a new one from its issuer", "expired")
    if isinstance(error, jwt.InvalidAudienceError):
        return refused("the token is for another audience than this server")
    if isinstance(error, jwt.MissingRequiredClaimError):
        return refused(f"the token lacks the claim {error.claim!r}")
    if isinstance(error, jwt.ImmatureSignatureError):
        return refused("the token is not valid yet; check the clocks")
    if isinstance(error, jwt.InvalidSignatureError):
        return refused("the signature of the token is wrong")
    return refused("unknown token; expected one of `pretzel token`, or one of an issuer that this server accepts")


def _has(claim: Any, value: str) -> bool:
    return value in claim if isinstance(claim, list) else claim == value
