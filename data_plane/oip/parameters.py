"""Parameters of requests, tensors and outputs: maps of names to values of one of five kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.errors import InputError, UnsupportedError

_SEQUENCE = ("sequence_id", "sequence_start", "sequence_end")
_MOST = 2**63 - 1
EMPTY_FINAL = "triton_enable_empty_final_response"


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of a request that have a meaning here."""

    timeout: float = 0.0
    """Seconds until the request expires; 0 for no limit of its own."""
    priority: int = 0
    """From 1, the highest; 0 for none."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The part of a shared memory region that a tensor uses."""

    region: str
    offset: int
    size: int


def options_of(parameters: Mapping[str, Any]) -> Options:
    """Return the options of a request; parameters that are not reserved mean nothing to classical models.

    Raises:
        InputError: a reserved parameter has an invalid value.
        UnsupportedError: the request belongs to a sequence.
    """
    if not parameters:
        return Options()
    for name in parameters:
        if name.startswith("triton_") and name != EMPTY_FINAL:
            raise wrong(name, f"parameter {quoted(name)}: names that start with 'triton_' are reserved")
    for name in (EMPTY_FINAL, "binary_data_output"):
        _boolean(parameters, name)
    _reject_sequences(parameters)
    return Options((integer(parameters, "timeout") or 0) / 1e6, integer(parameters, "priority") or 0)


def placement_of(parameters: Mapping[str, Any], name: str) -> Placement | None:
    """Return the place of a tensor in shared memory; None if its bytes are in the message.

    Raises:
        InputError: the parameters are incomplete or invalid.
    """
    if "shared_memory_region" not in parameters:
        if extra := parameters.keys() & {"shared_memory_byte_size", "shared_memory_offset"}:
            raise wrong(name, f"tensor {quoted(name)}: {min(extra)} without shared_memory_region")
        return None
    region = _value(parameters, "shared_memory_region")
    size = integer(parameters, "shared_memory_byte_size")
    if not isinstance(region, str) or size is None:
        raise wrong(name, f"tensor {quoted(name)}: expected shared_memory_region (string) and shared_memory_byte_size")
    return Placement(region, integer(parameters, "shared_memory_offset") or 0, size)


def integer(parameters: Mapping[str, Any], name: str) -> int | None:
    """Return the value of an integer parameter, which is not negative; None if it is absent.

    Raises:
        InputError: it is not such a number.
    """
    if name not in parameters:
        return None
    value = _value(parameters, name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise _invalid(name, "a non-negative integer", value)
    return value


def _reject_sequences(parameters: Mapping[str, Any]) -> None:
    for name in _SEQUENCE:
        if name in parameters and _value(parameters, name) not in (0, "", False):
            raise UnsupportedError(f"parameter {name!r}: sequences are for models with state, and these have none")


def _boolean(parameters: Mapping[str, Any], name: str) -> None:
    if name in parameters and not isinstance(value := _value(parameters, name), bool):
        raise _invalid(name, "a bool", value)


def _value(parameters: Mapping[str, Any], name: str) -> Any:
    kind = parameters[name].WhichOneof("parameter_choice")
    return None if kind is None else getattr(parameters[name], kind)


def _invalid(name: str, expected: str, value: Any) -> InputError:
    return wrong(name, f"parameter {name!r}: expected {expected}, got {type(value).__name__} {str(value)[:40]!r}")
