"""A side process: confined, it unpickles one object and answers calls of it until its socket closes."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import forms, messages
from .confine import confine, readable
from .tables import FormError

DONE, RAISED, WRONG, UNFIT, MEMORY, OPENED = b"done", b"fail", b"shap", b"unfi", b"memo", b"open"
"""Kinds of answers: a result; the code raised; it returned something else; the columns do not fit; memory ran out; it
is ready."""
MOST_TEXT = 2000


def serve(link: socket.socket, inbox: int, outbox: int, setup: Mapping[str, Any]) -> None:
    """Confine this process, open the object that comes first, and answer calls."""
    lacking = confine(setup["limits"], setup["directory"], [*readable(), *setup["paths"]])
    _answer(link, outbox, b"conf", {"lacking": lacking})
    note = link.recv(messages.NOTE.size)
    if len(note) < messages.NOTE.size:
        return
    header, arrays = messages.read(inbox, messages.NOTE.unpack(note)[1], 1 << 62)
    try:
        function = opened(arrays[0], header["method"])
    except BaseException as error:
        _answer(link, outbox, RAISED, described(error))
        return
    _answer(link, outbox, OPENED, {})
    while len(note := link.recv(messages.NOTE.size)) == messages.NOTE.size:
        try:
            kind, fields, columns = answered(function, header, inbox, messages.NOTE.unpack(note)[1])
            _answer(link, outbox, kind, fields, columns)
        except (OSError, ValueError) as error:
            _answer(link, outbox, WRONG, {"error": f"the answer does not fit into its memory ({error})"})


def opened(code: Any, method: str) -> Callable[[Any], Any]:
    """Return the method of a pickled object, or the object itself.  Only here is anything unpickled."""
    import cloudpickle

    whole = cloudpickle.load(io.BytesIO(memoryview(code)))
    function: Callable[[Any], Any] = getattr(whole, method) if method else whole
    return function


def answered(function: Callable[[Any], Any], spec: Mapping[str, Any], inbox: int, length: int) -> Any:
    """Return the kind, the fields and the columns of the answer to one call."""
    header, arrays = messages.read(inbox, length, 1 << 62)
    columns = [(kind, rows, _viewed(kind, parts)) for kind, rows, parts in messages.columns_of(header, arrays)]
    try:
        data = forms.given(spec["takes"], columns)
    except FormError as error:
        return UNFIT, {"error": str(error)}, ()
    try:
        result = forms.called(function, spec["takes"], data)
    except MemoryError as error:
        return MEMORY, described(error), ()
    except BaseException as error:
        return RAISED, described(error), ()
    try:
        parts = forms.returned_by(spec["takes"], result)
    except Exception as error:
        return WRONG, {"error": f"it returned {error}"}, ()
    kinds, rows = [kind for kind, _, _ in parts], header["rows"]
    if kinds != spec["gives"] or any(count != rows for _, count, _ in parts):
        wanted = f"{rows} rows of {', '.join(spec['gives'])}"
        got = f"{forms.rows_of(parts)} rows of {', '.join(kinds)}"
        return WRONG, {"error": f"expected {wanted}, as for the sample, and it returned {got}"}, ()
    return DONE, {}, parts


def _viewed(kind: str, parts: Sequence[Any]) -> list[Any]:
    """Return arrays of bytes in their types."""
    dtype, _, sparse = forms.parsed(kind)
    sparse_codes = ["<i4", "<i8"] if sparse else []
    codes = ["u1", "<u4", "u1"] if dtype == "str" else [forms.DTYPES[dtype], *sparse_codes]
    return [None if part is None else part.view(code) for part, code in zip(parts, codes, strict=True)]


def described(error: BaseException) -> dict[str, str]:
    """Return an exception as text, with the line that raised it."""
    error.__context__ = None
    text = f"{type(error).__name__}: {error}"
    here = os.path.dirname(__file__)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.dirname(f.filename) != here]
    place = f"line {frames[-1].lineno}, in {frames[-1].name}" if frames else ""
    return {"error": text[:MOST_TEXT], "place": place[:200]}


def _answer(link: socket.socket, outbox: int, kind: bytes, fields: Mapping[str, Any], columns: Any = ()) -> None:
    length = messages.write(outbox, fields, columns)
    link.send(messages.NOTE.pack(kind, length))


def run_fork(link: socket.socket, inbox: int, outbox: int, setup: Mapping[str, Any]) -> None:
    """Serve in a process that was just forked, and end it."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        serve(link, inbox, outbox, setup)
        os._exit(0)
    except BaseException as error:
        try:
            _answer(link, outbox, RAISED, described(error))
        finally:
            os._exit(1)


def loaded(text: bytes) -> Mapping[str, Any]:
    """Return the setup of a zygote."""
    setup: Mapping[str, Any] = json.loads(text)
    return setup
