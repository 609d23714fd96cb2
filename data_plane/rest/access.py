"""Admits requests over HTTP by their credential and the model in their path, before the body is decoded."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.data_plane.rest.http.messages import Request
from pretzel.data_plane.rest.routing import Answer, Route
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.metering import Stay
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.keeper import AUTHORIZATION, Keeper
from pretzel.serving.identity.table import On

_FIELD = AUTHORIZATION.encode()


def enter(keeper: Keeper | None, request: Request, route: Route, names: Sequence[str]) -> None:
    """Note the access of a request.

    Raises:
        UnauthenticatedError: it has no accepted credential.
        PermissionDeniedError: its caller lacks the role.
        ExhaustedError: its caller has reached a limit.
    """
    rule = route.rule
    if keeper is None or rule.role is None:
        return
    given = request.headers.get(_FIELD)
    authorization = None if given is None else given.decode("latin-1")
    names_of_peer = request.certificate
    request.access = access = rule.lasting(lambda: keeper.identify(authorization, names_of_peer))
    if rule.on is On.MODEL and names:
        access.require(names[0])
    if access.caller.meter is not None:
        request.stay = Stay(access.caller.meter)


def handled(request: Request, route: Route, names: Sequence[str]) -> Answer:
    """Return the answer of a route's handler, which knows the access of the request."""
    token, of_call = ACCESS.set(request.access), ORIGIN.set(request)
    try:
        return route.handler(request, *names)
    finally:
        ACCESS.reset(token)
        ORIGIN.reset(of_call)
