"""The style that no linter here checks: words, openings of docstrings, sizes of files and functions, long C lines."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLUMNS, FILE_LINES, BODY_LINES = 120, 300, 40
CYTHON_AND_C = {".pyx", ".pxd", ".h", ".c"}
GENERATED = ("src/pretzel/v1/",)

BANNED = (
    r"is no|are no|for ever|ever again|anew|dear(?:er|est|ness)?|farewell|whoever|who comes",
    r"in vain|nobody|no such|goes? on|otherwise than|lies? (?:in|where|there)|stands? (?:for|in|by)|says? of",
    r"told|tells?|mend(?:s|ed|ing)?|beside|apart|side by side|by itself|hand(?:s|ed)? on|gives back|so are",
)
"""Words and phrases that read like a translation; CONTRIBUTING.md says what to write instead."""
_BANNED = re.compile(rf"\b(?:{'|'.join(BANNED)})\b", re.IGNORECASE)
QUOTED = ("No such file", "no such table", "No such command", "no such column", "beside texts")
"""Messages of other programs, and a stored name."""
CODE = re.compile(r"`+[^`]*`+")
OPENINGS = ("What", "Who", "How", "Whether", "Where", "Why", "When")


@cache
def sources(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [
        ROOT / name
        for name in listed.stdout.splitlines()
        if Path(name).suffix in suffixes and not name.startswith(GENERATED) and (ROOT / name).is_file()
    ]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page or of a C or Cython source, and the comments and strings of a Python source."""
    text = path.read_text()
    if not _BANNED.search(text):  # which spares most files the tokenizer
        return
    if path.suffix != ".py":
        yield from without_code(text, 1)
        return
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds and " " in token.string:  # a single word is a name or data
            yield from without_code(token.string, token.start[0])


def without_code(text: str, first: int) -> Iterator[tuple[int, str]]:
    return ((number, CODE.sub("", line)) for number, line in enumerate(text.splitlines(), first))


def test_words_are_plain() -> None:
    violations = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]!r} in {line.strip()[:100]!r}"
        for path in sources(".py", ".pyx", ".pxd", ".h", ".md")
        if path != Path(__file__)
        for number, line in prose(path)
        if not any(quoted in line for quoted in QUOTED) and (match := _BANNED.search(line))
    ]
    assert not violations, "\n".join(violations)


@cache
def definitions(path: Path) -> list[ast.AST]:
    """The module, its classes and its functions; expressions, which hold none, are not searched."""
    found, left = [], [ast.parse(path.read_text())]
    while left:
        node = left.pop()
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(node)
        left += [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.excepthandler))]
    return found


def test_docstrings_say_what_a_thing_does_or_is() -> None:
    violations = [
        f"{path.relative_to(ROOT)}: {docstring.splitlines()[0]}"
        for path in sources(".py")
        for node in definitions(path)
        if (docstring := ast.get_docstring(node)) and docstring.split()[0] in OPENINGS
    ]
    assert not violations, "\n".join(violations)


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(".py", *CYTHON_AND_C)
        if (lines := len(path.read_text().splitlines())) > FILE_LINES
    }
    assert not long, f"files of more than {FILE_LINES} lines: {long}"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name} has {body_lines(node)}"
        for path in sources(".py")
        for node in definitions(path)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_lines(node) > BODY_LINES
    ]
    assert not long, f"functions of more than {BODY_LINES} lines: {long}"


def test_cython_and_c_lines_fit() -> None:
    too_long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources(*CYTHON_AND_C)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > COLUMNS
    ]
    assert not too_long, f"lines of more than {COLUMNS} columns: {', '.join(too_long)}"
