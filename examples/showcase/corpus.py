"""A corpus that every machine has: the docstrings of the scientific libraries, read and never imported.

A document is one paragraph of a docstring; the table holds one row for each function and class.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("numpy", "pandas", "scipy", "sklearn")
SHORTEST, LONGEST = 60, 800
"""Characters of a paragraph; the rest are headings, underlines and long tables."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """One docstring, where it stands, and what the code says of its owner."""

    library: str
    package: str
    """The first two names, as in `scipy.stats`."""
    kind: str
    """`module`, `class`, `function` or `method`."""
    arguments: int | None
    """How many arguments the owner takes; None for a module or a class."""
    private: bool
    text: str

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs that are neither headings nor long tables, each on one line."""
        joined = (" ".join(part.split()) for part in self.text.split("\n\n"))
        return [part for part in joined if SHORTEST <= len(part) <= LONGEST]


@dataclass(frozen=True, slots=True)
class Document:
    """One paragraph, and which library and package it comes from."""

    text: str
    library: str
    package: str


def docstrings() -> list[Docstring]:
    """Return the docstrings of all libraries that are installed, in the order of their files."""
    files = [(library, root, path) for library, root in _installed() for path in sorted(root.rglob("*.py"))]
    with ProcessPoolExecutor() as pool:
        return [found for batch in pool.map(_read, files, chunksize=50) for found in batch]


def documents(found: list[Docstring]) -> list[Document]:
    """Return the paragraphs, each once: what libraries copy from each other tells nothing about either."""
    seen: dict[str, Document] = {}
    for docstring in found:
        for paragraph in docstring.paragraphs:
            seen.setdefault(paragraph, Document(paragraph, docstring.library, docstring.package))
    return list(seen.values())


def _installed() -> Iterator[tuple[str, Path]]:
    for library in LIBRARIES:
        spec = importlib.util.find_spec(library)  # of a top-level name: imports nothing
        if spec is not None and spec.origin is not None:
            yield library, Path(spec.origin).parent


def _read(file: tuple[str, Path, Path]) -> list[Docstring]:
    library, root, path = file
    place = path.relative_to(root)
    if "tests" in place.parts:
        return []
    module = place.with_suffix("").parts
    package = f"{library}.{module[0]}" if module[0] != "__init__" else library
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:  # a template, or written for a newer Python
        return []
    return [
        Docstring(library, package, kind, _arguments(owner), _is_private(owner), text)
        for kind, owner in _owners(tree, "module")
        if (text := ast.get_docstring(owner))
    ]


Owner = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _owners(owner: Owner, kind: str) -> Iterator[tuple[str, Owner]]:
    yield kind, owner
    for inner in owner.body:
        if isinstance(inner, ast.ClassDef):
            yield from _owners(inner, "class")
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _owners(inner, "method" if kind == "class" else "function")


def _arguments(owner: Owner) -> int | None:
    if isinstance(owner, (ast.Module, ast.ClassDef)):
        return None
    given = owner.args
    return len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)


def _is_private(owner: Owner) -> bool:
    return not isinstance(owner, ast.Module) and owner.name.startswith("_")
