"""Columns of categories that a library knows by their texts, as CatBoost does, which writes integers out.

pandas reads ``True`` as a truth value and ``01234`` as an integer, which are the categories ``1`` and ``1234``; such
texts are others.  What the column of the model's sample held decides, or the user does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from pretzel.errors import InputError

KINDS = {"bool": "truth values", "int": "whole numbers"}
_WRITTEN_OUT = re.compile(r"0|-?[1-9]\d*", re.ASCII)
"""Integers as they are written out, so that the text is the same category."""
_SHOWN = 40


class Held:
    """What one column has held so far, as pandas reads it."""

    def __init__(self, name: str, known: str) -> None:
        """Begin with no cell read.

        Args:
            name: as messages call the column.
            known: ``bool``, ``int`` or ``str``, as the model's sample held it, or ``""``.
        """
        self.name, self.known = name, known
        self._kinds: set[str] = set()
        self._converted = False
        """True if cells were read as other categories than their texts."""

    def read_as(self, kind: str, cells: Sequence[str], lines: Sequence[int]) -> str:
        """Return as what some cells are to be read: ``bool``, ``int`` or ``str``.

        Args:
            kind: what pandas would make of them, were they the whole column.
            cells: they.
            lines: the line of each.

        Raises:
            InputError: they may be texts or what pandas makes of them, and nothing tells; or they are other than in the
                lines before.
        """
        self._kinds.add(kind)
        if len(self._kinds) > 1 and self._converted:
            self._refuse(f"the column held {KINDS[self.known]} up to here, and now {cells[0][:_SHOWN]!r}", lines[0])
        if self._kinds != {kind} or kind == "str" or self.known == "str":
            return "str"
        place = next((i for i, cell in enumerate(cells) if not _WRITTEN_OUT.fullmatch(cell)), None)
        if place is None:
            return "str"
        if kind != self.known:
            told = f"{cells[place][:_SHOWN]!r} may be one of {KINDS[kind]}, as pandas reads it, or a text"
            self._refuse(f"{told}, which are different categories", lines[place], kind)
        self._converted = True
        return kind

    def _refuse(self, told: str, line: int, kind: str = "") -> NoReturn:
        kind = kind or self.known
        refused = InputError(f"line {line}, column {self.name!r}: {told}")
        refused.add_note(
            f"--types {self.name}={kind} says that the column holds {KINDS[kind]}, --types {self.name}=str texts"
        )
        raise refused
