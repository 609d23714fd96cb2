"""Settings of both planes: from arguments, ``PRETZEL_*`` variables, and the file that PRETZEL_CONFIG names."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pretzel.serving.listeners import Address, is_loopback
from pretzel.serving.tls import TlsFiles

PREFIX = "PRETZEL_"
NO_SETTINGS = frozenset(
    {
        *("config", "server", "cpu", "debug"),  # the file of settings, clients, kernels, the command line
        "console",  # the pages of `pretzel up`
        "metrics",  # the workers that `pretzel top` asks
        *("token", "token_file"),  # of clients
        "threads",  # predictors in process
        "kernel_set",  # rehearsals of upgrades
        "parent_pid",  # `pretzel up` to its children
        *("only", "sanitize", "data", "rivals", "baselines"),  # builds, and data and rivals for tests and benchmarks
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


def _from_octal(mode: object) -> object:
    """Return permissions written as digits, `0660`."""
    return int(mode, 8) if isinstance(mode, str) and mode.isdecimal() and not {*mode} & {*"89"} else mode


_SIZE = re.compile(r"(\d+) ?([KMGT])i?B?")


def bytes_of(size: object) -> object:
    """Return a size written with a binary unit, as ``2GiB``, in bytes; anything else as it is."""
    match = _SIZE.fullmatch(size.strip()) if isinstance(size, str) else None
    return int(match[1]) << 10 * ("KMGT".index(match[2]) + 1) if match else size


Bytes = Annotated[int, BeforeValidator(bytes_of)]
"""A number of bytes, also as ``512MiB``."""


def split(values: object) -> object:
    """Return a list written as `a,b`."""
    return [name.strip() for name in values.split(",") if name.strip()] if isinstance(values, str) else values


Names = Annotated[list[str], NoDecode, BeforeValidator(split)]
"""A list, which an option and a variable write as `a,b`."""


class ServerSettings(PlaneSettings):
    """Settings of the addresses on which a server of either plane listens."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on; any but a loopback address needs TLS or ``insecure``."""
    socket_mode: Annotated[int, BeforeValidator(_from_octal), Field(ge=0, le=0o777)] = 0o600
    """Permissions of the files of Unix sockets, in octal; by default only this user may connect."""
    tls_cert: Path | None = None
    """Certificate of this server and its chain, PEM; with it, every port speaks only TLS."""
    tls_key: Path | None = None
    """Private key of the certificate, PEM."""
    tls_client_ca: Path | None = None
    """Authorities of client certificates, PEM; with it, every client of a port needs a certificate."""
    insecure: bool = False
    """Allow plain text on addresses that other hosts can reach."""
    identities: Path | None = None
    """File of identities and their roles, TOML; with it, every call needs a credential and a role."""
    metrics_access: Literal["open", "closed"] = "open"
    """Access to ``/metrics``: `open` to everyone, or `closed` to all but identities with `read` on all models."""

    @property
    def tls(self) -> TlsFiles | None:
        """Return the files of the server's TLS."""
        return TlsFiles.of(self.tls_cert, self.tls_key, self.tls_client_ca)

    @property
    def listeners(self) -> list[Address]:
        """Return the addresses to listen on besides ``host``."""
        return [Address.parse(text) for text in self.further()]

    def further(self) -> list[str]:
        """Return the addresses to listen on besides ``host``, as the settings of a plane give them."""
        return []

    @model_validator(mode="after")
    def _guard(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together; give both or none")
        if self.metrics_access == "closed" and self.identities is None:
            raise ValueError("metrics_access 'closed' needs identities: without them, no caller can be recognized")
        if self.tls_client_ca and not self.tls_cert:
            raise ValueError("tls_client_ca needs tls_cert and tls_key: without TLS, clients have no certificates")
        ports = [address for address in self.listeners if not address.path]
        for address in ports:
            if not address.port:
                raise ValueError(f"'{address}': expected a port; nothing would report which one was picked")
        hosts = [self.host, *(address.host for address in ports)]
        if self.tls_cert is None and not self.insecure:
            for host in hosts:
                if not is_loopback(host):
                    raise ValueError(
                        f"host {host!r} is reachable from other hosts: give tls_cert and tls_key, "
                        "or set insecure (pass --insecure) if the network is trusted"
                    )
        return self


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
