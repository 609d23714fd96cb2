"""The style of the Cython and C sources, which no linter here checks."""

from __future__ import annotations

from pathlib import Path

KERNELS = Path(__file__).parents[1] / "kernels"
SUFFIXES = {".pyx", ".pxd", ".h"}
COLUMNS = 120


def test_cython_and_c_lines_fit() -> None:
    sources = sorted(path for path in KERNELS.rglob("*") if path.suffix in SUFFIXES)
    assert sources
    too_long = [
        f"{path.relative_to(KERNELS)}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > COLUMNS
    ]
    assert not too_long, f"lines of more than {COLUMNS} columns: {', '.join(too_long)}"
