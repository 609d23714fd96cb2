"""Marks in Python's own strings for the texts and words that a trace computes with."""

from __future__ import annotations

import re
import threading
from typing import Any

from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import OF_CHARACTERS

LOOP = "use methods of whole texts, a sum over characters such as sum(c.isupper() for c in t), or re"


class _Marks(threading.local):
    """The texts whose marks are in Python's own strings, by number."""

    def __init__(self) -> None:
        self.nodes: dict[int, Any] = {}


MARKS = _Marks()
MARK = re.compile("\ue000(\\d+)\ue001")


def mark(what: Any) -> str:
    """Return a mark for a node, or for the parts of one."""
    number = len(MARKS.nodes)
    MARKS.nodes[number] = what
    return f"\ue000{number}\ue001"


def forget_marks() -> None:
    """Begin a trace."""
    MARKS.nodes.clear()


def ends(what: str) -> Any:
    """End the trace at something that is not traced."""
    raise unknown(what)


class Piece(str):
    """One of the characters or words of a row, whichever it is: only sums and joins of them are traced."""

    of: Node
    first: bool

    def __new__(cls, of: Node, *, first: bool) -> Piece:
        """Refer to a part of a text, or for one of its tokens."""
        piece = super().__new__(cls, mark((of, first)))
        piece.of, piece.first = of, first
        return piece


class Counted:
    """A number or condition of each piece, which sums are taken of."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, total: Node) -> None:
        """Know the sum over all pieces."""
        self.total = total

    def __bool__(self) -> bool:
        """End the trace: a condition on characters."""
        raise TraceEnd("a condition on single characters or words is not traced", LOOP)

    def _ends(self, other: Any) -> Any:
        return bool(self)

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __add__ = __mul__ = __sub__ = _ends


def _looked_up(piece: Piece) -> int:
    raise TraceEnd("single characters or words are made a set of, or looked up in one", LOOP)


def _add_piece_methods() -> None:
    def test(self: Piece, name: str) -> Counted:
        text = ops.JoinTokens(self.of, "") if self.of.type.layout == "ragged" else self.of
        if self.of.type.layout == "ragged":
            raise TraceEnd("a condition on single characters or words is not traced", LOOP)
        return Counted(ops.MeasureText(text, name))

    for name in set(dir(str)) - set(dir(object)):
        if name in OF_CHARACTERS:
            setattr(Piece, name, lambda self, called=name: test(self, called))
        elif not name.startswith("__"):
            setattr(Piece, name, lambda self, *_, **__: ends("a loop over characters or words"))
    for name in ("__eq__", "__contains__", "__getitem__", "__add__", "__len__", "__iter__"):
        setattr(Piece, name, lambda self, *_: ends("a loop over characters or words"))
    Piece.__hash__ = _looked_up  # type: ignore[method-assign, assignment]


_add_piece_methods()
