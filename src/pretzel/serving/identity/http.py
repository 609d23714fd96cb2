"""The access to `/metrics`, and the statuses of refusals over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from pretzel.errors import ExhaustedError, PermissionDeniedError, UnauthenticatedError
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.identity.recognition import ALTERNATIVE, COMMON
from pretzel.serving.identity.table import METRICS


class Refusal(NamedTuple):
    """The status and the text of a request that is refused."""

    status: str
    message: str


Gate = Callable[[str | None, Mapping[str, Any] | None], Refusal | None]
"""Decides by the field ``authorization`` and the certificate of the peer, as :mod:`ssl` describes it."""
CHALLENGE = ("www-authenticate", "Bearer")


def gate_of(keeper: Keeper | None, *, closed: bool) -> Gate | None:
    """Return what guards ``/metrics``; None if they are open."""
    if keeper is None or not closed:
        return None

    one_by_one = Lock()  # scrapes run on threads of their own, which may lose counts of refusals

    def decide(authorization: str | None, certificate: Mapping[str, Any] | None) -> Refusal | None:
        try:
            with one_by_one:
                METRICS.admit(keeper.identify(authorization, names_of(certificate)))
        except UnauthenticatedError as error:
            return Refusal("401 Unauthorized", str(error))
        except PermissionDeniedError as error:
            return Refusal("403 Forbidden", str(error))
        except ExhaustedError as error:
            return Refusal("429 Too Many Requests", str(error))
        return None

    return decide


def names_of(certificate: Mapping[str, Any] | None) -> dict[str, list[bytes]]:
    """Return the names in a peer's certificate, in the form of gRPC; empty without one."""
    if not certificate:
        return {}
    common = [value.encode() for item in certificate.get("subject", ()) for key, value in item if key == "commonName"]
    # The value of a directory name is a tuple; gRPC reports none either.
    others = [value.encode() for _, value in certificate.get("subjectAltName", ()) if isinstance(value, str)]
    return {COMMON: common, ALTERNATIVE: others}
