"""The options for TLS and for tokens that every command with a client takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pretzel.targets import Bearer, Tls


def _file(option: str, variable: str, text: str) -> Any:
    return Annotated[Path | None, typer.Option(option, envvar=f"PRETZEL_{variable}", help=text)]


_OPTIONS = {
    "tls_ca": _file("--tls-ca", "TLS_CA", "PEM file with the authorities of the server's certificate."),
    "tls_cert": _file("--tls-cert", "CLIENT_CERT", "PEM file with this client's certificate."),
    "tls_key": _file("--tls-key", "CLIENT_KEY", "PEM file with the key of that certificate."),
    "token_file": _file("--token-file", "TOKEN_FILE", "File with the token of the calls."),
    "insecure_token": Annotated[
        bool, typer.Option("--insecure-token", help="Allow the token over plain text to another machine.")
    ],
}
_DEFAULTS = {"insecure_token": False}

TlsFiles = dict[str, Any]
"""Arguments of a client."""


def files_of(tls: TlsFiles) -> Tls:
    """Return the files of TLS among the arguments of a client."""
    return Tls(tls["tls_ca"], tls["tls_cert"], tls["tls_key"])


def bearer_of(tls: TlsFiles) -> Bearer | None:
    """Return the token of the calls by the arguments of a client, or by the environment; None without one.

    Raises:
        InputError: the file cannot be read, or has no token.
    """
    return Bearer.of(file=tls.get("token_file"))


def takes_tls(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options for TLS and tokens; it gets them as ``tls``, the arguments of its client."""

    def with_options(**arguments: Any) -> Any:
        tls: TlsFiles = {name: arguments.pop(name) for name in _OPTIONS}
        return command(**arguments, tls=tls)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "tls"]
    keyword = inspect.Parameter.KEYWORD_ONLY
    more = [
        inspect.Parameter(name, keyword, default=_DEFAULTS.get(name), annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    # Typer reads these.
    with_options.__name__, with_options.__doc__, with_options.__module__ = (
        command.__name__,
        command.__doc__,
        command.__module__,
    )
    with_options.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *more)}
    return with_options
