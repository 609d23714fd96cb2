"""Check texts that are sent as UTF-8, such as names of models and columns, before a message is built."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.errors import InputError


def sendable(what: str, text: str) -> str:
    """Return ``text``, or reject it if UTF-8 cannot encode it.

    Args:
        what: a noun for the error message: ``model name``, ``alias``.
        text: the user's value.

    Raises:
        InputError: it is not a ``str``, or holds a lone surrogate, which UTF-8 does not encode.
    """
    if not isinstance(text, str):
        raise InputError(f"{what}: expected a text, got {type(text).__name__} {text!r:.80}")
    if text.isascii():  # the usual case, and the check makes no copy
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} {text[:100]!r}: expected Unicode text, {_surrogate(error)}") from None
    return text


def all_sendable(what: str, texts: Iterable[str]) -> list[str]:
    """Return a list of texts, each checked by :func:`sendable`; a single text is rejected.

    Raises:
        InputError: one cannot be sent, or ``texts`` is a single text.
    """
    if isinstance(texts, str):
        raise InputError(f"{what}: expected a list of texts, got the text {texts[:100]!r}; put it in a list")
    return [sendable(what, text) for text in texts]


def _surrogate(error: UnicodeEncodeError) -> str:
    return (
        f"got the lone surrogate {error.object[error.start]!r} at position {error.start}; correct the text's decoding"
    )
