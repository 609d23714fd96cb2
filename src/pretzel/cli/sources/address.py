"""Addresses of files as users write them: paths, URLs of fsspec and URIs of MLflow."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit, urlunsplit

MLFLOW = ("models", "runs", "mlflow-artifacts")
"""Schemes of artifacts that MLflow downloads."""
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):/")
_SECRETS = re.compile(r"(?<=//)[^/@\s]+@|(?<=\w)[?#][^\s'\")]+")
_PATTERN = re.compile(r"[*?\[]")


def scheme(address: str) -> str:
    """Return the scheme of a URL in lower case, or "" for a path.

    Examples:
        >>> scheme("s3://bucket/model.joblib"), scheme("models:/churn/3"), scheme("models/churn.joblib")
        ('s3', 'models', '')
    """
    matched = _SCHEME.match(address)
    return matched[1].lower() if matched else ""


def is_pattern(address: str) -> bool:
    """Return whether an address has wildcards; the query of a URL has none."""
    return bool(_PATTERN.search(address if not scheme(address).startswith("http") else ""))


def stem(address: str) -> str:
    """Return the last part of an address without its extension.

    Examples:
        >>> stem("s3://bucket/models/churn.eu.joblib"), stem("models/churn/")
        ('churn.eu', 'churn')
    """
    path = urlsplit(address).path if scheme(address) else address
    return PurePosixPath(path.rstrip("/")).stem


def shown(address: str) -> str:
    """Return an address without what may be secret: user and password, query and fragment of a URL.

    Examples:
        >>> shown("https://me:secret@host/model.onnx?signature=abc")
        'https://host/model.onnx'
    """
    if not scheme(address):
        return address
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_secrets(message: str) -> str:
    """Return a message without the users, passwords, queries and fragments of the URLs in it.

    Examples:
        >>> without_secrets("cannot connect to 'https://me:secret@host/model.onnx?signature=abc'")
        "cannot connect to 'https://host/model.onnx'"
    """
    return _SECRETS.sub("", message)
