"""Generates the C tables of Unicode for the text kernels, from the running Python.

Every table comes from ``str`` and ``unicodedata`` themselves, code point by code point, so that the kernels agree with
the Python they are built for by construction.  Tables have two stages: the upper bits of a code point choose a block of
128 entries; equal blocks are stored once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

BLOCK = 128
LIMIT = 0x110000
SPACE, CASED, IGNORABLE = 1, 2, 4  # bits of the table of properties
KINDS: dict[str, Callable[[str], bool]] = {
    "ALPHA": str.isalpha, "DECIMAL": str.isdecimal, "DIGIT": str.isdigit, "NUMERIC": str.isnumeric,
    "LOWERED": str.islower, "UPPERED": str.isupper, "TITLED": lambda c: unicodedata.category(c) == "Lt",
    "JOINED": lambda c: (c + "a").title()[-1] == "a",
}  # fmt: skip
"""The tests of a character whose bits, in this order, are the table of kinds; JOINED continues a word of a title."""
LENGTH_BITS = 6  # of an entry of a mapping: bytes that replace the character

Mapping = Callable[[str], str]


def write(path: Path) -> None:
    """Write the header to ``path``."""
    path.write_text("\n".join(_header()))


def _header() -> Iterator[str]:
    characters = [chr(c) for c in range(LIMIT)]
    yield "/* Generated from the running Python; do not edit. */"
    yield "#pragma once"
    yield "#include <stdint.h>"
    yield f'#define UNICODE_VERSION "{unicodedata.unidata_version}"'
    yield f"#define UNICODE_SPACE {SPACE}"
    yield f"#define UNICODE_CASED {CASED}"
    yield f"#define UNICODE_IGNORABLE {IGNORABLE}"
    yield from _two_stages("PROPERTY", "uint8_t", list(map(_properties, characters)))
    for bit, name in enumerate(KINDS):
        yield f"#define UNICODE_{name} {1 << bit}"
    yield from _two_stages("KIND", "uint8_t", list(map(_kinds, characters)))
    yield from _mapping("LOWER", str.lower, characters)
    yield from _mapping("UPPER", str.upper, characters)
    yield from _mapping("FOLD", str.casefold, characters)
    yield from _mapping("TITLE", str.title, characters)
    yield from _mapping("SIMPLE_LOWER", simple_lower, characters)
    yield from _mapping("SIMPLE_UPPER", simple_upper, characters)
    yield from _mapping("BASE", _without_accents, characters)
    yield from _mapping("PLAIN", _ascii_only, characters)
    yield ""


def _properties(c: str) -> int:
    """Return the bits of a character; the form of a sigma after it shows whether it is cased or ignorable."""
    bits = SPACE if c.isspace() else 0
    if (c + "Σ").lower()[-1] == "ς":
        bits |= CASED
    elif ("A" + c + "Σ").lower()[-1] == "ς":
        bits |= IGNORABLE
    return bits


def _kinds(c: str) -> int:
    """Return the bits of the tests of :data:`KINDS`."""
    return sum(int(test(c)) << bit for bit, test in enumerate(KINDS.values()))


def simple_lower(c: str) -> str:
    """Return the lower case of a character that is one character, as Arrow has it."""
    return c.lower() if len(c.lower()) == 1 else "i" if c == "\u0130" else c


def simple_upper(c: str) -> str:
    """Return the upper case of a character that is one character, as Arrow has it."""
    forms = ("\u1e9e" if c == "\u00df" else c.upper(), c.title(), c)
    return next(form for form in forms if len(form) == 1)


def _without_accents(c: str) -> str:
    """Return a character without its accents.

    All marks are dropped, so their order under NFKD within a text does not matter.
    """
    return "".join(part for part in unicodedata.normalize("NFKD", c) if not unicodedata.combining(part))


def _ascii_only(c: str) -> str:
    return unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode()


def _mapping(name: str, function: Mapping, characters: Sequence[str]) -> Iterator[str]:
    """Yield a table of ``0`` (the character stays) or ``(offset << 6 | length) + 1`` of its replacement in the heap."""
    heap, places, entries = bytearray(), dict[bytes, int](), []
    for c in characters:
        mapped = c if 0xD800 <= ord(c) < 0xE000 else function(c)
        entries.append(0 if mapped == c else _place(mapped.encode(), heap, places))
    yield from _two_stages(name, "uint32_t", entries)
    yield f"static const uint8_t {name}_HEAP[] = {{{_numbers([*heap, 0])}}};"


def _place(replacement: bytes, heap: bytearray, places: dict[bytes, int]) -> int:
    if replacement not in places:
        assert len(replacement) < 1 << LENGTH_BITS
        places[replacement] = len(heap)
        heap += replacement
    return (places[replacement] << LENGTH_BITS | len(replacement)) + 1


def _two_stages(name: str, kind: str, entries: Sequence[int]) -> Iterator[str]:
    blocks: dict[tuple[int, ...], int] = {}
    index = [blocks.setdefault(tuple(entries[i : i + BLOCK]), len(blocks)) for i in range(0, LIMIT, BLOCK)]
    flat = [entry for block in blocks for entry in block]
    yield f"static const uint16_t {name}_INDEX[] = {{{_numbers(index)}}};"
    yield f"static const {kind} {name}_BLOCKS[] = {{{_numbers(flat)}}};"


def _numbers(values: Sequence[int]) -> str:
    return ",".join(map(str, values))
