"""Location of an S3-compatible store: what its URL, files and the environment say."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pretzel.errors import InputError, PreconditionError

SCHEME = "s3"
_EXPECTED = "expected s3://bucket/prefix?endpoint=https://host&region=name&credentials_file=/path"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_KEYS = ("aws_access_key_id", "aws_secret_access_key")
_CONNECTING = {
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=20),  # between two pieces of an answer, which bounds a server that hangs
    "timeout": timedelta(minutes=30),  # of a whole transfer
}
_RETRYING = {
    "max_retries": 8,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=4), "base": 2},
}
_REREAD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Options:
    """Parameters of the URL; what it does not give comes from the environment, as for other clients of S3."""

    endpoint: str = ""
    """Address of the server, by default that of the region."""
    region: str = ""
    credentials_file: str = ""
    """File of keys in the format of ~/.aws/credentials; it is read again every minute."""
    profile: str = "default"
    """Section of that file."""
    authority_file: str = ""
    """Certificates of a private authority, as PEM."""
    style: str = "path"
    """``path`` or ``virtual``: whether the bucket is part of the path or of the host's name."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket, and the prefix of all names in it."""

    bucket: str
    prefix: str
    options: Options

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Raises:
            InputError: it is malformed, has unknown parameters, or keys, which process lists and logs would show.
        """
        try:
            parts = urlsplit(url)
            given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            secret = parts.username is not None or parts.password is not None or parts.port is not None
        except ValueError:
            raise InputError(f"store: malformed URL; {_EXPECTED}") from None
        if secret:
            raise InputError(
                "store: the URL has a user, a key or a port; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "name a file: ?credentials_file=/run/secrets/s3, and a server: ?endpoint=https://host:port"
            )
        if not parts.netloc or parts.fragment:
            raise InputError(f"store: the URL names no bucket, or has a fragment; {_EXPECTED}")
        known = [field.name for field in fields(Options)]
        if unknown := sorted(given.keys() - {*known}):
            raise InputError(f"store: unknown parameter {unknown[0]!r:.80} in the URL; expected {', '.join(known)}")
        return cls(parts.netloc, unquote(parts.path).strip("/"), _checked(Options(**given)))

    @property
    def name(self) -> str:
        """The location without parameters."""
        return f"{SCHEME}://{self.bucket}/{self.prefix}".rstrip("/")

    def client(self) -> Any:
        """Return the client of the library.

        Raises:
            PreconditionError: the library is not installed, or a file cannot be read.
        """
        try:
            from obstore.store import S3Store
        except ModuleNotFoundError:
            raise PreconditionError(f"store {self.name}: it needs obstore; pip install 'pretzel[s3]'") from None
        more = {name: value for name in ("endpoint", "region") if (value := getattr(self.options, name))}
        provider = _provider(self.name, self.options) if self.options.credentials_file else None
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            client_options=_CONNECTING | self._transport(),  # type: ignore[arg-type]
            retry_config=_RETRYING,  # type: ignore[arg-type]
            credential_provider=provider,  # type: ignore[arg-type]
            virtual_hosted_style_request=self.options.style == "virtual",
            **more,
        )

    def _transport(self) -> dict[str, Any]:
        endpoint = self.options.endpoint or next(filter(None, map(os.environ.get, _ENDPOINTS)), "")
        transport: dict[str, Any] = {"allow_http": endpoint.startswith("http://")}
        if self.options.authority_file:
            transport["root_certificate"] = _read(self.name, "authority_file", self.options.authority_file)
        return transport


def _checked(options: Options) -> Options:
    if options.style not in ("path", "virtual"):
        raise InputError(f"store: style={options.style!r:.80} in the URL; expected path or virtual")
    address = urlsplit(options.endpoint) if options.endpoint else None
    if address is not None and (address.scheme not in ("http", "https") or not address.hostname or address.username):
        raise InputError("store: endpoint in the URL; expected https://host or http://host:port, without a user")
    return options


def _provider(store: str, options: Options) -> Callable[[], dict[str, Any]]:
    """Return a function that reads the keys of a file, which the library calls when they expire."""

    def provide() -> dict[str, Any]:
        keys = _section(store, options)
        return {
            "access_key_id": keys[_KEYS[0]],
            "secret_access_key": keys[_KEYS[1]],
            "token": keys.get("aws_session_token"),
            "expires_at": datetime.now(UTC) + _REREAD,
        }

    provide()  # so that a wrong file is reported at the start
    return provide


def _section(store: str, options: Options) -> dict[str, str]:
    place = f"store {store}: credentials_file {options.credentials_file}"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_read(store, "credentials_file", options.credentials_file))
    except configparser.Error:  # its message quotes a line, which may be a key
        raise PreconditionError(f"{place}: malformed; expected the format of ~/.aws/credentials") from None
    keys = dict(parser[options.profile]) if options.profile in parser else {}
    if not all(keys.get(name) for name in _KEYS):
        raise PreconditionError(f"{place}: expected a section [{options.profile}] with {' and '.join(_KEYS)}")
    return keys


def _read(store: str, option: str, path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise PreconditionError(f"store {store}: {option} {path}: {reason}") from None
