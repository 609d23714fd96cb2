"""The user's options for reading a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pretzel.errors import InputError

Format = Literal["auto", "csv", "tsv", "lines", "jsonl", "parquet"]
Type = Literal["str", "int", "float", "bool", "category", "date"]
TYPES: tuple[Type, ...] = get_args(Type)

MISSING = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
"""The cells that ``pandas.read_csv`` treats as missing, including the empty one."""


@dataclass(frozen=True)
class Reading:
    """Options of the commands that read rows."""

    format: Format = "auto"
    header: bool | None = None
    """True if the first line names the columns; None applies the rules of :mod:`pretzel.cli.tables.header`."""
    columns: tuple[str, ...] = ()
    """The columns to read, by name, or by number from 1 without a header; empty for all."""
    missing: frozenset[str] = MISSING
    """The cells that are missing values."""
    types: Mapping[str, Type] = field(default_factory=dict)
    """The types of columns by name; they override the types that the model reads."""
    delimiter: str | None = None
    decimal: str = "."
    ids: tuple[str, ...] = ()
    """Columns that are copied to the output."""

    @property
    def of_tables_only(self) -> list[str]:
        """The options in use that apply only to delimited text."""
        used = {
            "--header": self.header is not None,
            "--na": self.missing != MISSING,
            "--types": bool(self.types),
            "--delimiter": self.delimiter is not None,
            "--decimal": self.decimal != ".",
        }
        return [option for option, is_used in used.items() if is_used]


def parsed_types(texts: list[str]) -> dict[str, Type]:
    """Parse texts of one or more ``NAME=TYPE``, separated by commas.

    Raises:
        InputError: a part has another form.
    """
    types: dict[str, Type] = {}
    for part in (part for text in texts for part in text.split(",") if part.strip()):
        name, equals, suffix = part.rpartition("=")
        type_ = next((candidate for candidate in TYPES if candidate == suffix.strip()), None)
        if not equals or type_ is None:
            raise InputError(f"--types {part!r}: expected NAME=TYPE, with one of {', '.join(TYPES)} as the type")
        types[name.strip()] = type_
    return types
