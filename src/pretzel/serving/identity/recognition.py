"""Recognizes callers by their credentials: a bearer token, else the certificate of the connection."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pretzel.errors import PermissionDeniedError, PreconditionError, UnauthenticatedError
from pretzel.serving.identity.caller import Caller, Era
from pretzel.serving.identity.file import Certificate, Identities, Identity, hash_in, token_hashes
from pretzel.serving.identity.floods import FalseTokens
from pretzel.serving.identity.jwt_tokens import LONGEST, JwtVerifier, refused
from pretzel.serving.identity.keys import FETCH_SECONDS
from pretzel.serving.identity.limits import Limits
from pretzel.serving.identity.roles import Patterns, Role
from pretzel.serving.identity.tokens import TokenHash, digest_of, id_of

MOST_KEPT = 4096
"""Tokens whose callers are kept, by their hash; and as many that were refused."""
REFUSED_SECONDS = 10.0
"""Time for which a token of an issuer stays refused: then its key may be published, or its time have come."""
SCHEME = "bearer "
OWN_WORKER = "worker"
"""Name of the identity of ``worker_token_file``."""
Names = Mapping[str, Sequence[bytes]]
"""The properties of a connection's certificate, as gRPC has them: empty if the client showed none."""
COMMON, ALTERNATIVE = "x509_common_name", "x509_subject_alternative_name"
PEER = "pretzel_peer"
"""The address of the peer among these properties."""


MeterOf = Callable[[str, Limits, str], Any]
"""Returns the meter of an identity by its name, its limits and the contact of errors; None for none."""


def unmetered(name: str, limits: Limits, contact: str) -> None:
    """Return no meter: this server counts no calls."""


class _Refusal(NamedTuple):
    """The refusal of a token of an issuer."""

    message: str
    reason: str
    until: float


class Recognition:
    """The identities of one state of the file."""

    def __init__(
        self,
        content: Identities,
        worker_token: Path | None = None,
        last: JwtVerifier | None = None,
        counter: Counter[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        meter_of: MeterOf = unmetered,
    ) -> None:
        """Read the secrets of the identities, and the token of the workers, if it has a file.

        Keys that ``last`` has fetched stay; ``counter`` counts refused calls.

        Raises:
            PreconditionError: one cannot be read, or two identities share a credential.
        """
        self._content, self._refused = content, Counter[str]() if counter is None else counter
        self._clock, self._meter_of = clock, meter_of
        self._era, self._issued_era = Era(), Era()
        self._identities = [*content.identity]
        self._tokens: dict[str, tuple[TokenHash, Caller]] = {}
        self._certificates: dict[tuple[str, str], Caller] = {}
        self._kept: dict[bytes, Caller] = {}
        self._false: dict[bytes, _Refusal] = {}
        self._floods = FalseTokens(clock)
        self.verifier = JwtVerifier(content.issuer, last)
        for identity in content.identity:
            self._add(identity)
        if worker_token is not None:
            found = hash_in(worker_token, "worker_token_file")
            self._add_token(found, self._caller(OWN_WORKER, {Role.WORKER: Patterns.of(["*"])}))

    def _add(self, identity: Identity) -> None:
        caller = self._caller(identity.name, identity.roles)
        self._limit(caller, identity)
        for found in token_hashes(identity):
            self._add_token(found, caller)
        for certificate in identity.certificate:
            key = _key(certificate)
            if key in self._certificates:
                raise PreconditionError(f"identity {identity.name!r}: certificate {key[1]!r} is another identity's too")
            self._certificates[key] = caller

    def _add_token(self, found: TokenHash, caller: Caller) -> None:
        if found.id in self._tokens:
            raise PreconditionError(f"identity {caller.name!r}: its token {found.id} is another identity's too")
        self._tokens[found.id] = found, caller

    def _limit(self, caller: Caller, identity: Identity) -> Caller:
        """Give a caller the limits of its identity, and the meter that all callers of that name share."""
        limits = caller.limits = identity.limits.over(self._content.limits)
        caller.meter = self._meter_of(identity.name, limits, self._content.contact)
        return caller

    def _caller(self, name: str, roles: Mapping[Role, Patterns]) -> Caller:
        return Caller(name, roles, "", self._content.contact, math.inf, self._era, self._refused)

    def caller(self, authorization: str | None, names: Names) -> Caller:
        """Return the caller of a request, by the value of its field ``authorization``, or by its certificate.

        Raises:
            UnauthenticatedError: a credential is missing or not accepted; no certificate replaces a wrong token.
            ExhaustedError: the host has shown too many false tokens.
        """
        if authorization is not None:
            if authorization[: len(SCHEME)].lower() != SCHEME:
                raise refused("authorization: expected Bearer and a token")
            return self._by_token(authorization[len(SCHEME) :].strip(), next(iter(names.get(PEER, ())), b"").decode())
        if names.get(COMMON) or names.get(ALTERNATIVE):
            return self._by_certificate(names)
        raise refused("no credential; send a token (token=, --token-file, PRETZEL_TOKEN_FILE)", "no_credential")

    def named(self, name: str) -> Caller:
        """Return an identity by its name, for a call that it made earlier; it shows no credential.

        Raises:
            PermissionDeniedError: there is none of this name any more.
        """
        for identity in self._identities:
            if identity.name == name:
                return self._limit(self._caller(name, identity.roles), identity)
        raise PermissionDeniedError(
            f"identity {name[:100]!r} is gone from the file of identities; {self._content.contact} can add it, or "
            "let another identity ask again"
        )

    def _by_token(self, token: str, peer: str) -> Caller:
        if len(token) > LONGEST or not token.isascii():
            raise refused("unknown token; ask for one that this server knows")
        digest = digest_of(token)
        kept = self._kept.get(digest)
        if kept is not None and not kept.ended:
            return kept
        if kept is None and not id_of(token):
            self._check_flood(digest, peer)
        caller = self._static(token, digest) if id_of(token) else self._issued(token, digest, peer)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[digest] = caller
        return caller

    def _static(self, token: str, digest: bytes) -> Caller:
        found = self._tokens.get(id_of(token) or "")
        if found is None or not found[0].matches(digest):
            raise refused(f"unknown token {id_of(token)}; it was replaced, or is of another server")
        return found[1]

    def _check_flood(self, digest: bytes, peer: str) -> None:
        """Check that a token that was not accepted before may be verified; refusals that are kept cost nothing."""
        last = self._false.get(digest)
        if last is None or self._clock() >= last.until:
            self._floods.check(peer)

    def _issued(self, token: str, digest: bytes, peer: str) -> Caller:
        """Verify a token of an issuer; a false one only once in a while, for that costs the most."""
        last = self._false.get(digest)
        if last is not None and self._clock() < last.until:
            raise refused(last.message, last.reason)
        try:
            return self._verified(token)
        except UnauthenticatedError as error:
            self._floods.note(peer)
            if len(self._false) >= MOST_KEPT:
                self._false.clear()
            self._false[digest] = _Refusal(str(error), error.reason, self._clock() + REFUSED_SECONDS)
            raise

    def _verified(self, token: str) -> Caller:
        era, contact = self._issued_era, self._content.contact
        verified = self.verifier.verify(token)
        expires = min(verified.expires, self._clock() + FETCH_SECONDS)
        for identity in self._identities:
            if any(map(verified.matches, identity.jwt)):
                subject, counter = verified.subject, self._refused
                found = Caller(identity.name, identity.roles, subject, contact, expires, era, counter)
                return self._limit(found, identity)
        raise refused(f"no identity for the subject {verified.subject[:100]!r} of {verified.issuer!r}")

    def _by_certificate(self, names: Names) -> Caller:
        for kind in (COMMON, ALTERNATIVE):
            for name in names.get(kind, ()):
                if caller := self._certificates.get((kind, name.decode(errors="replace"))):
                    return caller
        shown = next(iter([*names.get(COMMON, ()), *names.get(ALTERNATIVE, ())])).decode(errors="replace")
        raise refused(f"no identity for the certificate of {shown[:100]!r}, and no token")

    def revoke(self) -> None:
        """End the decisions about all callers: the identities have changed."""
        self._era.over = self._issued_era.over = True

    def renewed(self) -> None:
        """End the decisions about tokens of issuers: their keys have changed."""
        before, self._issued_era = self._issued_era, Era()
        before.over = True
        self._kept = {digest: caller for digest, caller in self._kept.items() if caller.era is self._era}
        self._false.clear()


def _key(certificate: Certificate) -> tuple[str, str]:
    if certificate.common_name is not None:
        return COMMON, certificate.common_name
    return ALTERNATIVE, certificate.alternative_name or ""
