r"""Parse token patterns that are runs of one class of characters, such as ``\b\w\w+\b``, ``[a-z]{3,}`` or ``\S+``.

Python's own ``re`` parses the pattern and decides which characters are in the class, so a kernel with the tables below
finds the matches of ``re.findall``, in one pass and in linear time.  Other patterns are compiled by
:mod:`pretzel.plan.regex.automaton`.

The class of a character depends on Python's version of Unicode.  The tables are built when a definition is compiled
and are part of the plan, so that a worker with another version finds the same tokens.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

MAX_PATTERN = 1_000
UNBOUNDED = 2**62
BLOCK = 128
MEMBER, WORD = 1, 2  # bits of a class table

_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")
ONE_CHARACTER = ("IN", "LITERAL", "NOT_LITERAL", "ANY")


@dataclass(frozen=True)
class ClassRun:
    r"""``low`` to ``high`` characters of one class, as many as possible, with optional ``\b`` before and after."""

    low: int
    high: int
    lead: bool
    trail: bool
    member: Any
    """The class, as an item of the parser of ``re``."""
    state: Any
    """The parser's flags and groups."""


def parse(pattern: str) -> Any:
    """Parse a pattern with the parser of ``re``.

    Raises:
        ValueError: the pattern is too long, or not a regular expression.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"pattern of {len(pattern)} characters: at most {MAX_PATTERN} are allowed")
    try:
        return _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None


def members(one: Any, state: Any) -> np.ndarray:
    """Return a mask of the code points that one item of a parsed pattern matches."""
    if name_of(one) == "LITERAL" and not state.flags & re.IGNORECASE:
        mask = np.zeros(0x110000, bool)
        mask[one[1]] = True
        return mask
    item = _parser.SubPattern(state, [one])
    many = _parser.SubPattern(state, [(_parser.MAX_REPEAT, (1, _parser.MAXREPEAT, item))])
    return _matched(_compiler.compile(many))


def class_run(pattern: str) -> ClassRun:
    """Parse a pattern that is a run of one class.

    Raises:
        ValueError: the pattern is not a regular expression, or not a run of one class.
    """
    parsed = parse(pattern)
    lead, items, trail = _unwrap(list(parsed))
    if parsed.state.groups > 2 or not items:
        raise _not_native(pattern)
    low, high, member = _merge(items, pattern)
    run = ClassRun(low, high, lead, trail, member, parsed.state)
    if low < 1 or (high < UNBOUNDED and (lead or trail) and not _is_bounded_word(run)):
        raise _not_native(pattern)
    return run


@lru_cache(maxsize=64)
def class_table(pattern: str) -> tuple[np.ndarray, np.ndarray]:
    r"""Return a two-stage table (index, blocks of 128) of ``MEMBER | WORD`` bits for every code point.

    ``WORD`` marks the word characters of ``\b`` under the flags of the pattern.
    """
    run = class_run(pattern)
    bits = _members(run) * MEMBER + _words(run) * WORD
    return two_stages(bits.astype(np.uint8))


def _unwrap(items: list[Any]) -> tuple[bool, list[Any], bool]:
    """Remove the outer word boundaries and groups."""
    lead, items, trail = _trim(items)
    while len(items) == 1 and name_of(items[0]) == "SUBPATTERN":
        _, add, remove, inner = items[0][1]
        if add or remove:
            return lead, [], trail
        first, items, last = _trim(list(inner))
        lead, trail = lead or first, trail or last
    return lead, items, trail


def _trim(items: list[Any]) -> tuple[bool, list[Any], bool]:
    start, stop = 0, len(items)
    while start < stop and _is_boundary(items[start]):
        start += 1
    while stop > start and _is_boundary(items[stop - 1]):
        stop -= 1
    return start > 0, items[start:stop], stop < len(items)


def _merge(items: Sequence[Any], pattern: str) -> tuple[int, int, Any]:
    r"""Merge adjacent repeats of one class into one repeat: ``\w\w+`` is ``\w{2,}``."""
    low = high = 0
    member = None
    for item in items:
        least, most, one = 1, 1, item
        if name_of(item) == "MAX_REPEAT":
            least, most, inner = item[1]
            one = inner[0] if len(inner) == 1 else None
        if one is None or name_of(one) not in ONE_CHARACTER or (member is not None and one != member):
            raise _not_native(pattern)
        low, high, member = low + int(least), min(high + int(most), UNBOUNDED), one
        if most == _parser.MAXREPEAT:
            high = UNBOUNDED
    return low, high, member


def _is_bounded_word(run: ClassRun) -> bool:
    """Return whether boundaries are only at the two ends of a run, so that its length alone decides."""
    among = _words(run)[_members(run)]
    return run.lead and run.trail and bool(among.all() or not among.any())


def _members(run: ClassRun) -> np.ndarray:
    return members(run.member, run.state)


def _words(run: ClassRun) -> np.ndarray:
    return word_characters(run.state.flags)


def word_characters(flags: int) -> np.ndarray:
    r"""Return a mask of the word characters of ``\b`` under the flags of a pattern."""
    return np.unpackbits(_word_characters(flags & re.ASCII)).view(bool)


@lru_cache(maxsize=2)
def _word_characters(ascii_only: int) -> np.ndarray:
    """Return the mask as bits: servers keep it for good."""
    return np.packbits(_matched(re.compile(r"\w+", ascii_only)))


def _matched(pattern: re.Pattern[str]) -> np.ndarray:
    """Return a mask of the code points that match a pattern of runs."""
    mask = np.zeros(0x110000, bool)
    for match in pattern.finditer(_everything()):
        mask[match.start() : match.end()] = True
    return mask


def _everything() -> str:
    """Return all code points in order; not cached: the text takes 4 MiB, and making it ten milliseconds."""
    surrogates = "".join(map(chr, range(0xD800, 0xE000)))  # decoding calls an error handler for each of them
    return _range(0, 0xD800) + surrogates + _range(0xE000, 0x110000)


def _range(start: int, stop: int) -> str:
    return np.arange(start, stop, dtype="<u4").tobytes().decode("utf-32-le")


def two_stages(entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compress one byte per code point into distinct blocks, and the block of each 128 code points."""
    blocks: dict[bytes, int] = {}
    index = [blocks.setdefault(block.tobytes(), len(blocks)) for block in entries.reshape(-1, BLOCK)]
    return np.array(index, np.uint16), np.frombuffer(b"".join(blocks), np.uint8).reshape(-1, BLOCK)


def name_of(item: Any) -> str:
    """Return the kind of an item of a parsed pattern."""
    return str(item[0])


def _is_boundary(item: Any) -> bool:
    return name_of(item) == "AT" and str(item[1]) == "AT_BOUNDARY"


def _not_native(pattern: str) -> ValueError:
    return ValueError(
        f"pattern {pattern!r}: only runs of one class of characters are supported, with or without \\b on a side, "
        r"such as \b\w\w+\b, [a-z]{3,} or \S+"
    )
