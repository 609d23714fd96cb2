"""A corpus on every machine: the docstrings of the scientific libraries, read and never imported.

A document is one paragraph of a docstring; the table has one row per function and class.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

LIBRARIES = ("numpy", "pandas", "scipy", "sklearn")
SHORTEST, LONGEST = 60, 800
"""Characters of a paragraph; others are headings, underlines and long tables."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring, with its package and facts about its owner."""

    library: str
    package: str
    """The first two names, such as `scipy.stats`."""
    kind: str
    """`module`, `class`, `function` or `method`."""
    arguments: int | None
    """The number of arguments of the owner; None for a module or a class."""
    private: bool
    text: str

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs other than headings and long tables, each on one line."""
        joined = (" ".join(part.split()) for part in self.text.split("\n\n"))
        return [part for part in joined if SHORTEST <= len(part) <= LONGEST]


@dataclass(frozen=True, slots=True)
class Document:
    """A paragraph with its library and package."""

    text: str
    library: str
    package: str


def docstrings() -> list[Docstring]:
    """Return the docstrings of all installed libraries, in the order of their files."""
    files = [(library, root, path) for library, root in _installed() for path in sorted(root.rglob("*.py"))]
    # New interpreters: a fork of a process that runs threads of gRPC may end or hang.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return [docstring for batch in pool.map(_read, files, chunksize=50) for docstring in batch]


def documents(docstrings: list[Docstring]) -> list[Document]:
    """Return the distinct paragraphs: a copy in another library identifies neither."""
    seen: dict[str, Document] = {}
    for docstring in docstrings:
        for paragraph in docstring.paragraphs:
            seen.setdefault(paragraph, Document(paragraph, docstring.library, docstring.package))
    return list(seen.values())


def _installed() -> Iterator[tuple[str, Path]]:
    for library in LIBRARIES:
        spec = importlib.util.find_spec(library)  # a top-level name imports nothing
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
    except SyntaxError:  # a template, or for a newer Python
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
    arguments = owner.args
    return len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)


def _is_private(owner: Owner) -> bool:
    return not isinstance(owner, ast.Module) and owner.name.startswith("_")
