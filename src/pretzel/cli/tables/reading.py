"""How a user wants a file to be read: what the options say, and what they leave to the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pretzel.errors import InputError

Format = Literal["auto", "csv", "tsv", "lines", "jsonl", "parquet"]
Type = Literal["str", "int", "float", "bool", "category"]
TYPES: tuple[Type, ...] = get_args(Type)

MISSING = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
"""The cells that ``pandas.read_csv`` takes for missing; the empty one is among them."""


@dataclass(frozen=True)
class Reading:
    """The options of a command that reads rows."""

    format: Format = "auto"
    header: bool | None = None
    """True if the first line names the columns; None leaves that to the rules of :mod:`pretzel.cli.tables.header`."""
    columns: tuple[str, ...] = ()
    """The columns to read, by name, or by number from 1 where there is no header; empty for all."""
    missing: frozenset[str] = MISSING
    """The cells that are missing values."""
    types: Mapping[str, Type] = field(default_factory=dict)
    """The types of columns, by name, over what the model reads."""
    delimiter: str | None = None
    decimal: str = "."

    @property
    def of_tables_only(self) -> list[str]:
        """The options given that only a table of text can follow."""
        given = {
            "--header": self.header is not None,
            "--na": self.missing != MISSING,
            "--types": bool(self.types),
            "--delimiter": self.delimiter is not None,
            "--decimal": self.decimal != ".",
        }
        return [option for option, is_given in given.items() if is_given]


def parsed_types(texts: list[str]) -> dict[str, Type]:
    """Return the types that ``NAME=TYPE,...`` give, one or several in each text.

    Raises:
        InputError: a part is not of that form.
    """
    types: dict[str, Type] = {}
    for part in (part for text in texts for part in text.split(",") if part.strip()):
        name, equals, wanted = part.rpartition("=")
        found = next((known for known in TYPES if known == wanted.strip()), None)
        if not equals or found is None:
            raise InputError(f"--types {part!r}: expected NAME=TYPE, with one of {', '.join(TYPES)} as the type")
        types[name.strip()] = found
    return types
