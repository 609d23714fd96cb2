"""Columns of categories that a library identifies by their text, as CatBoost does, which formats integers.

pandas reads ``True`` as a bool and ``01234`` as an integer, which become the categories ``1`` and ``1234``; as texts
they are different categories.  The column of the model's sample decides, or the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from pretzel.errors import InputError

KINDS = {"bool": "truth values", "int": "whole numbers"}
_WRITTEN_OUT = re.compile(r"0|-?[1-9]\d*", re.ASCII)
"""Integers in canonical form, whose text is the same category."""
_SHOWN = 40


class Held:
    """The kinds of cells that a column has had so far, as pandas reads them."""

    def __init__(self, name: str, sampled: str) -> None:
        """Start without cells.

        Args:
            name: the name of the column in messages.
            sampled: the kind in the model's sample, ``bool``, ``int`` or ``str``, or ``""``.
        """
        self.name, self.sampled = name, sampled
        self._kinds: set[str] = set()
        self._converted = False
        """True if cells were read as categories that differ from their texts."""

    def read_as(self, kind: str, cells: Sequence[str], lines: Sequence[int]) -> str:
        """Return the kind to read some cells as: ``bool``, ``int`` or ``str``.

        Args:
            kind: their kind if pandas read them as a whole column.
            cells: the cells.
            lines: the line of each.

        Raises:
            InputError: they may be texts or of that kind, and nothing decides; or they differ from the lines before.
        """
        self._kinds.add(kind)
        if len(self._kinds) > 1 and self._converted:
            self._refuse(f"the column held {KINDS[self.sampled]} up to here, and now {cells[0][:_SHOWN]!r}", lines[0])
        if self._kinds != {kind} or kind == "str" or self.sampled == "str":
            return "str"
        place = next((i for i, cell in enumerate(cells) if not _WRITTEN_OUT.fullmatch(cell)), None)
        if place is None:
            return "str"
        if kind != self.sampled:
            reason = f"{cells[place][:_SHOWN]!r} may be one of {KINDS[kind]}, as pandas reads it, or a text"
            self._refuse(f"{reason}, which are different categories", lines[place], kind)
        self._converted = True
        return kind

    def _refuse(self, reason: str, line: int, kind: str = "") -> NoReturn:
        kind = kind or self.sampled
        refused = InputError(f"line {line}, column {self.name!r}: {reason}")
        refused.add_note(f"use --types {self.name}={kind} for {KINDS[kind]}, --types {self.name}=str for texts")
        raise refused
