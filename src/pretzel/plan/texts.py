"""Texts that travel as UTF-8, such as names of models and columns: checked before a message is made of them."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.errors import InputError


def sendable(what: str, text: str) -> str:
    """Return ``text``, or refuse it where no message can carry it.

    Args:
        what: the text is, for the message: ``model name``, ``alias``.
        text: as the user gave it.

    Raises:
        InputError: it is not a ``str``, or holds half of a surrogate pair, which UTF-8 does not encode.
    """
    if not isinstance(text, str):
        raise InputError(f"{what}: expected a text, got {type(text).__name__} {text!r:.80}")
    if text.isascii():  # nearly all are, and it takes no copy
        return text
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} {text[:100]!r}: expected Unicode text, {_surrogate(error)}") from None
    return text


def all_sendable(what: str, texts: Iterable[str]) -> list[str]:
    """Return a list of texts, each checked by :func:`sendable`; a text in place of a list is refused.

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
