"""Limits of identities: what one may deploy and call; read from the file of identities."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from pretzel.errors import ExhaustedError

NONE: Literal["none"] = "none"
"""Lifts a limit that the others have."""
MOST = 1 << 53
"""Largest limit: doubles have every number up to it."""
OF_CONTROL_PLANES = frozenset({"deployments_per_minute", "models", "versions", "objects", "bytes"})
"""Limits that control planes keep; workers keep the others."""


def _checked(value: Any, kinds: type | tuple[type, ...], expected: str) -> Any:
    """Return a limit; a boolean, which Python takes for a number, is none."""
    number = isinstance(value, kinds) and not isinstance(value, bool)
    if value == NONE or (number and 0 <= value <= MOST):
        return value
    raise ValueError(f"{str(value)[:60]}: expected {expected} from 0 to 2**53, or {NONE!r}")


def _count(value: Any) -> Any:
    return _checked(value, int, "a whole number")


def _rate(value: Any) -> Any:
    return _checked(value, (int, float), "a number")


Count = Annotated[int | Literal["none"] | None, BeforeValidator(_count)]
Rate = Annotated[float | Literal["none"] | None, BeforeValidator(_rate)]


class Limits(BaseModel):
    """The limits of one identity; a missing one is that of ``[limits]``, and without that there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    deployments_per_minute: Rate = None
    """Deployments, of each control plane."""
    models: Count = None
    """Models in the catalog that it created."""
    versions: Count = None
    """Versions in the catalog that it deployed."""
    objects: Count = None
    """Different objects that its versions need, and those that it uploads."""
    bytes: Count = None
    """Bytes of these objects."""
    calls_per_second: Rate = None
    """Calls, of each worker."""
    rows_per_second: Rate = None
    """Rows that are scored, of each worker: a call for several models scores its rows with each."""
    concurrent_calls: Count = None
    """Calls that run at the same time, of each worker; an open stream is one."""

    def over(self, others: Limits) -> Limits:
        """Return these limits, and those of ``others`` where there is none here."""
        return Limits(**{**others.given, **self.given})

    @property
    def given(self) -> dict[str, Any]:
        """Return the limits that are stated, also those that are lifted."""
        return {name: value for name, value in self if value is not None}

    @property
    def numbers(self) -> dict[str, float]:
        """Return the limits that are in force."""
        return {name: value for name, value in self.given.items() if value != NONE}

    @property
    def of_calls(self) -> dict[str, float]:
        """Return those that workers keep."""
        return {name: value for name, value in self.numbers.items() if name not in OF_CONTROL_PLANES}


NO_LIMITS = Limits()


def exceeded(identity: str, limit: str, said: str, contact: str, after: float | None) -> ExhaustedError:
    """Return the error of a limit: ``said`` has its value and the present use, ``after`` when to return."""
    back = "" if after is None else f"; retry in {after:.3g} s"
    error = ExhaustedError(f"identity {identity!r}: {said} ({limit}){back}; {contact} sets this limit")
    error.retry_after = after
    return error


def renewed(error: ExhaustedError) -> ExhaustedError:
    """Return an error like one that is kept: raising that would let its traceback grow."""
    again = ExhaustedError(str(error))
    again.retry_after = error.retry_after
    return again
