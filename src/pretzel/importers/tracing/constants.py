"""The texts and whole numbers in the code of a function and in what it reads, for random texts of its proof.

Python itself computes with the strings that f-strings and ``join`` give, and looks for characters in constants: a trace
does not show these constants, and its operators are wrong.  The proof finds that if some rows hold them.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, permutations
from typing import Any

from pretzel.importers.tracing.modules import names_read

MOST, LONGEST, EACH, DEEPEST = 60, 80, 40, 6
"""Most texts, the longest, most of one collection, and how deep functions and collections are looked into."""


def texts_of(function: Any) -> list[str]:
    """Return the constant texts of a function, what is left of one without another at an end, and their words."""
    found = dict.fromkeys(text for text in _texts(function, DEEPEST) if 0 < len(text) <= LONGEST)
    known = list(islice(found, MOST))
    words = [word for text in known for word in re.findall(r"\w+", text)]
    return list(islice(dict.fromkeys([*known, *_rests(known), *words]), MOST))


def _rests(known: list[str]) -> Iterator[str]:
    """Yield what texts must hold so that another one before or after them makes a third: ``a`` of ``<a``."""
    for part, text in permutations(known, 2):
        if len(part) < len(text) and text.lower().startswith(part.lower()):
            yield text[len(part) :]
        if len(part) < len(text) and text.lower().endswith(part.lower()):
            yield text[: -len(part)]


def most_of(function: Any) -> int:
    """Return the largest whole constant of a function: what it may count words or characters up to."""
    return max((abs(number) for number in _constants(function, DEEPEST) if type(number) is int), default=0)


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Yield the texts in a value: of functions those of their code and of what they read."""
    return (constant for constant in _constants(value, depth) if isinstance(constant, str))


def _constants(value: Any, depth: int) -> Iterator[str | int]:
    """Yield the texts and whole numbers in a value."""
    if isinstance(value, (str, int)):
        yield value
    elif depth:
        for part in _parts(value):
            yield from _constants(part, depth - 1)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, types.CodeType):
        return value.co_consts
    if isinstance(value, types.FunctionType):
        return _read(value)
    if isinstance(value, types.MethodType):
        return value.__func__, vars(value.__self__) if hasattr(value.__self__, "__dict__") else ()
    if isinstance(value, functools.partial):
        return value.func, value.args, value.keywords
    if isinstance(value, re.Pattern):
        return (value.pattern,)
    if isinstance(value, (slice, range)):
        return value.start, value.stop, value.step
    if isinstance(value, Mapping):
        return [*islice(value.keys(), EACH), *islice(value.values(), EACH)]
    if isinstance(value, (set, frozenset)):
        return sorted((one for one in value if isinstance(one, (str, int))), key=repr)[:EACH]
    return islice(value, EACH) if isinstance(value, (list, tuple)) else ()


def _read(function: types.FunctionType) -> Iterator[Any]:
    """Yield the code of a function, its defaults, and the values of outer names that it reads."""
    yield function.__code__
    yield function.__defaults__
    yield function.__kwdefaults__
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it is empty
            continue
    for name in sorted(names_read(function.__code__)):
        yield function.__globals__.get(name)
