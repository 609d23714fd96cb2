"""Columns that are copied to the output, such as the id of each row; a model does not read them."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.cli.tables.header import listed, refused
from pretzel.cli.tables.reads import Reads


def without(names: Sequence[str], ids: Sequence[str], reads: Reads, columns: Sequence[str]) -> list[str]:
    """Return the columns that may be passed to the model: all but ids that neither it nor the user names.

    Raises:
        InputError: a column of an id does not exist.
    """
    lacking = [name for name in ids if name not in names]
    if lacking:
        raise refused(f"--id: column {listed(lacking)} does not exist", f"the columns are {listed(names)}")
    return [name for name in names if name not in ids or name in columns or reads.known(name) in reads.needed]


def check_named(has_names: bool, ids: Sequence[str], label: str) -> None:
    """Reject ids of a file whose columns have no names."""
    if ids and not has_names:
        raise refused(f"{label}: --id {listed(ids)}: the columns of the file have no names", "give it a header")
