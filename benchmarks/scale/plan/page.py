"""Puts the tables of the plan into its page, between marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/scale.md"
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, tables: Mapping[str, list[str]]) -> str:
    """Return the page with tables in the places that name them; places of others stay.

    Raises:
        ValueError: a table has no place.
    """
    if lacking := tables.keys() - {name for _, name, _ in _PLACE.findall(text)}:
        raise ValueError(
            f"the page has no place for {', '.join(sorted(lacking))}: add <!-- table: NAME --> and <!-- end -->"
        )
    return _PLACE.sub(lambda place: _fill(place, tables), text)


def _fill(place: re.Match[str], tables: Mapping[str, list[str]]) -> str:
    lines = tables.get(place[2])
    return place[0] if lines is None else f"{place[1]}\n" + "\n".join(lines) + f"\n\n{place[3]}"
