"""Admits calls of the control plane by the role that their method needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio

from pretzel.control_plane.serve.auditing import name_caller
from pretzel.serving.identity.caller import ACCESS, Access, Caller
from pretzel.serving.identity.keeper import Keeper, authorization_in
from pretzel.serving.identity.recognition import PEER
from pretzel.serving.identity.table import On, rule_of


class Door:
    """Decides about calls; without identities, every call is admitted."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self._keeper = keeper

    def enter(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Identify the caller and check what is known before its request is read; note its access.

        Raises:
            UnauthenticatedError: it has no accepted credential.
            PermissionDeniedError: it lacks the role.
        """
        rule = rule_of(method)
        if self._keeper is None or rule.role is None:
            return
        names: Mapping[str, Any] = {**context.auth_context(), PEER: [str(context.peer()).encode()]}
        keeper, authorization = self._keeper, authorization_in(context.invocation_metadata() or ())

        def identify() -> Caller:
            caller = keeper.identify(authorization, names)
            name_caller(caller)
            return caller

        ACCESS.set(rule.lasting(identify))

    def check(self, method: str, request: Any) -> None:
        """Check the role on the models that a request names.

        Raises:
            PermissionDeniedError: the caller lacks it on one of them.
        """
        access = ACCESS.get()
        if access is not None:
            _check(access, rule_of(method).on, request)


def _check(access: Access, on: On, request: Any) -> None:
    if on is On.MODEL:
        access.caller.require(access.role, request.model)
    elif on is On.PREFIX:
        access.caller.require_prefix(access.role, request.prefix)


def permit(caller: Caller, method: str, request: Any) -> Access:
    """Return the access of a caller to a method with a request.

    Raises:
        PermissionDeniedError: the caller lacks the role.
    """
    rule = rule_of(method)
    access = rule.admit(caller)
    _check(access, rule.on, request)
    return access


def check_lasting() -> None:
    """Check before an answer of a stream that the credential of its call is still accepted.

    Raises:
        UnauthenticatedError: it expired or was withdrawn meanwhile.
        PermissionDeniedError: its identity has lost the role.
    """
    access = ACCESS.get()
    if access is not None:
        access.refresh()
