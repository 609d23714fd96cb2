"""Marks in Python's own strings for the texts and words that a trace computes with."""

from __future__ import annotations

import re
import threading
from typing import Any

from pretzel.importers.tracing.branches import step
from pretzel.importers.tracing.ending import unknown
from pretzel.plan.node import Node


class _Marks(threading.local):
    """The texts whose marks are in Python's own strings, by number."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}


MARKS = _Marks()
MARK = re.compile("\ue000(\\d+)\ue001")


def mark(node: Node) -> str:
    """Return a mark for a node."""
    step()
    number = len(MARKS.nodes)
    MARKS.nodes[number] = node
    return f"\ue000{number}\ue001"


def forget_marks() -> None:
    """Begin a trace."""
    MARKS.nodes.clear()


def ends(what: str) -> Any:
    """End the trace at something that is not traced."""
    raise unknown(what)
