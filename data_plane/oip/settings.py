"""Trace and log settings over the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.errors import UnsupportedError
from pretzel.inference import service_pb2 as pb
from pretzel.serving.logs import LEVELS, levels, set_levels

TRACE: Mapping[str, tuple[str, ...]] = {
    "trace_file": ("",),
    "trace_level": ("OFF",),
    "trace_rate": ("1000",),
    "trace_count": ("-1",),
    "log_frequency": ("0",),
}
"""The settings of a server that writes no traces."""
_SWITCHES = {"log_info": "info", "log_warning": "warning", "log_error": "error"}
_FIXED = {"log_file": "", "log_format": "ISO8601"}
_VERBOSE = "log_verbose_level"


def trace(request: pb.TraceSettingRequest) -> pb.TraceSettingResponse:
    """Return the trace settings; a change that would turn traces on is rejected.

    Raises:
        InputError: a setting does not exist.
        UnsupportedError: traces are wanted.
    """
    for name, setting in request.settings.items():
        if name not in TRACE:
            raise wrong(name, f"unrecognized trace setting {quoted(name)}: expected {', '.join(TRACE)}")
        if setting.value and tuple(setting.value) != TRACE[name]:
            raise UnsupportedError(f"trace setting {name!r}: this server writes no traces, only metrics and logs")
    response = pb.TraceSettingResponse()
    for name, values in TRACE.items():
        response.settings[name].value.extend(values)
    return response


def log(request: pb.LogSettingsRequest) -> pb.LogSettingsResponse:
    """Change the levels that this process logs, and return all log settings.

    Raises:
        InputError: a setting does not exist, or its value has another type.
        UnsupportedError: another file or format is wanted.
    """
    wanted = {name: _checked(name, setting) for name, setting in request.settings.items()}
    enabled = set(levels())
    for name, level in {**_SWITCHES, _VERBOSE: "debug"}.items():
        if name in wanted:
            (enabled.add if wanted[name] else enabled.discard)(level)
    if wanted:
        set_levels(enabled)
    return _log_settings()


def _checked(name: str, setting: Any) -> Any:
    kind = setting.WhichOneof("parameter_choice")
    expected = "bool_param" if name in _SWITCHES else "uint32_param" if name == _VERBOSE else "string_param"
    if name not in (*_SWITCHES, *_FIXED, _VERBOSE):
        known = ", ".join((*_SWITCHES, *_FIXED, _VERBOSE))
        raise wrong(name, f"unrecognized log setting {quoted(name)}: expected {known}")
    if kind != expected:
        raise wrong(name, f"log setting {quoted(name)}: expected {expected}, got {kind}")
    value = getattr(setting, kind)
    if name in _FIXED and value != _FIXED[name]:
        raise UnsupportedError(f"log setting {name!r} cannot be changed while the server runs")
    return value


def _log_settings() -> pb.LogSettingsResponse:
    enabled = levels()
    response = pb.LogSettingsResponse()
    for name, value in _FIXED.items():
        response.settings[name].string_param = value
    for name, level in _SWITCHES.items():
        response.settings[name].bool_param = level in enabled
    response.settings[_VERBOSE].uint32_param = int(LEVELS[0] in enabled)
    return response
