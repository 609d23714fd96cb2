"""The caller of a request: a known identity, its roles, and the time until which its credential is accepted."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pretzel.errors import PermissionDeniedError
from pretzel.serving.identity.limits import NO_LIMITS, Limits
from pretzel.serving.identity.roles import ALL, Patterns, Role, model_of

MOST_DECISIONS = 1 << 12
"""Decisions that are kept per caller; callers choose the names."""
NOT_PERMITTED = "permission"
"""Reason in metrics of calls that lack a role."""
_NOBODY = Patterns()


@dataclass(slots=True, eq=False)
class Era:
    """A time in which identities and keys stay as they are: all callers recognized in it share it."""

    over: bool = False


@dataclass(slots=True, eq=False)
class Caller:
    """A known identity, as one credential shows it."""

    name: str
    """Its name in the file of identities."""
    roles: Mapping[Role, Patterns]
    subject: str = ""
    """The subject of its token by OpenID Connect, if that is its credential."""
    contact: str = "the operator of this server"
    """The person or address that grants roles."""
    expires: float = math.inf
    """The time of ``time.monotonic()`` at which the credential expires."""
    era: Era = field(default_factory=Era)
    """When it is over, identities or keys have changed: the credential must be looked up again."""
    refused: Counter[str] = field(default_factory=Counter)
    """Counts refused calls of the server by reason."""
    accesses: dict[Role, Access] = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    meter: Any = None
    """Counts its calls on a worker; None without limits."""

    @property
    def ended(self) -> bool:
        """Return whether its decisions no longer hold."""
        return self.era.over or (self.expires != math.inf and self.expires <= time.monotonic())

    def may(self, role: Role, model: str) -> bool:
        """Return whether it has a role on a model."""
        return self.roles.get(role, _NOBODY).covers(model)

    def require(self, role: Role, reference: str) -> None:
        """Check a role on the model of a reference; whether that exists does not matter.

        Raises:
            PermissionDeniedError: it lacks the role.
        """
        model = model_of(reference)
        if not self.may(role, model):
            raise self.denied_on(role, model)

    def require_some(self, role: Role) -> None:
        """Check a role on at least one model.

        Raises:
            PermissionDeniedError: it has the role on none.
        """
        if not self.roles.get(role, _NOBODY):
            raise self.denied(role, "any model", ALL)

    def require_prefix(self, role: Role, prefix: str) -> None:
        """Check a role on all models whose names start so, also on those that may exist later.

        Raises:
            PermissionDeniedError: a name that starts so may be another.
        """
        if not self.roles.get(role, _NOBODY).covers_prefix(prefix):
            what = f"all models that start with {prefix[:100]!r}" if prefix else "all models"
            raise self.denied(role, what, prefix + ALL)

    def denied_on(self, role: Role, model: str) -> PermissionDeniedError:
        """Return the error of a role that is missing on a model."""
        return self.denied(role, f"model {model[:100]!r}", model)

    def access(self, role: Role) -> Access:
        """Return its access by a role; there is one of each, for the decisions that are kept there."""
        found = self.accesses.get(role)
        if found is None:
            everywhere = self.roles.get(role, _NOBODY).covers_prefix("")
            found = self.accesses[role] = Access(self, role, everywhere=everywhere)
        return found

    def denied(self, role: Role, what: str, pattern: str) -> PermissionDeniedError:
        """Return the error of a role that is missing, and count it."""
        self.refused[NOT_PERMITTED] += 1
        entry = "worker = true" if role is Role.WORKER else f'{role} = ["{pattern[:100]}"]'
        where = "for this call" if role is Role.WORKER else f"on {what}"
        return PermissionDeniedError(
            f"identity {self.name!r} lacks the role {role} {where}; {self.contact} grants it, by {entry} in the file "
            "of identities"
        )


@dataclass(slots=True, eq=False)
class Access:
    """The caller of a running call, and the role that its method needs on models."""

    caller: Caller
    role: Role
    decisions: dict[bytes, Any] = field(default_factory=dict)
    """Decisions of the hot path by the bytes of names: true, or the error of a refusal."""

    everywhere: bool = False
    """It is known that the role is on all models."""
    renew: Callable[[], Caller] | None = None
    """Looks the credential of a running call up again when it has ended: a stream may last longer."""

    def refresh(self) -> None:
        """Look the credential up again if it has ended.

        Raises:
            UnauthenticatedError: it expired, or was withdrawn.
            PermissionDeniedError: its identity has lost the role.
        """
        if self.renew is not None and self.caller.ended:
            self.caller = self.renew()

    def require(self, reference: str) -> None:
        """Check the role on the model of a reference.

        Raises:
            PermissionDeniedError: the caller lacks it.
            UnauthenticatedError: its credential ended during the call.
        """
        self.refresh()
        self.caller.require(self.role, reference)

    def may(self, model: str) -> bool:
        """Return whether the caller has the role on a model."""
        return self.caller.may(self.role, model)


ACCESS: ContextVar[Access | None] = ContextVar("pretzel_access", default=None)
"""The caller of the present call, for audit and quotas; None if no identities are configured."""


def visible() -> Callable[[str], bool]:
    """Return a predicate of the models that the present caller may know of."""
    access = ACCESS.get()
    return access.may if access is not None else lambda model: True
