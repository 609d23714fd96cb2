"""Settings of both planes: from arguments, ``PRETZEL_*`` variables, and the file that PRETZEL_CONFIG names."""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "PRETZEL_"
NO_SETTINGS = frozenset(
    {
        *("config", "server", "cpu", "debug"),  # the file of settings, clients, kernels, the command line
        "parent_pid",  # `pretzel up` to its children
        *("only", "sanitize", "data"),  # builds, and data for tests and benchmarks
    }
)
"""Variables that other programs than the planes read, or that are set for other purposes where servers run."""


class PlaneSettings(BaseSettings):
    """Base of the settings of a plane; ``PRETZEL_CONTROL_PORT=9000`` sets ``control_port``, and so on."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence: arguments, variables, file."""
        file = TomlConfigSettingsSource(settings_cls, os.environ.get(f"{PREFIX}CONFIG"))
        return init_settings, env_settings, file


def unknown(*planes: type[PlaneSettings]) -> Iterator[str]:
    """Yield a warning for each unknown variable under the prefix and unknown key of the file, with a similar name.

    Args:
        planes: the settings of all planes, since one environment and one file may serve them all.
    """
    settings = frozenset().union(*(plane.model_fields for plane in planes))
    for variable in sorted(os.environ):
        name = variable.lower().removeprefix(PREFIX.lower())  # variables ignore case
        if len(name) < len(variable) and name not in settings | NO_SETTINGS:
            yield _problem(variable, name, settings | NO_SETTINGS)
    path = os.environ.get(f"{PREFIX}CONFIG", "")
    for key in sorted(_file(path).keys() - settings):
        yield _problem(f"{key} in {path}", key.lower(), settings)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on is reachable only from this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(what: str, name: str, names: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), 1)
    elsewhere = "`pretzel worker --help` and `pretzel control-plane --help` list them"
    return f"{what}: unknown setting; {f'did you mean {near[0]}?' if near else elsewhere}"


def _file(path: str) -> Mapping[str, Any]:
    """Return the content of a file; empty if it cannot be read, which reading the settings rejects."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError):
        return {}
