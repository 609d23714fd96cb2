"""The walk over a library's examples: each answers like its library, and no constructor option is ignored.

A test module subclasses :class:`Walk` with its examples; ``conftest.py`` makes a test of each example, option, value.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from pretzel.errors import UnsupportedError
from pretzel.importers import IMPORTERS, export
from pretzel.importers.families import load_family, load_rest
from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example
from tests.importers.sklearn.frames import assert_serves, count, wanted

NO_CASE = "no case"
_PLAIN: dict[tuple[int, str], dict[str, Any]] = {}


class Walk:
    """The tests over ``EXAMPLES`` of one library; the options of the first example of each class are tried."""

    EXAMPLES: ClassVar[Sequence[Example]]

    def test_the_answers_are_the_librarys_own(self, example: Example) -> None:
        estimator, x = example.fitted()
        assert type(estimator) is example.kind
        bounds = {"exact": example.exact, "amplified": example.amplifies(estimator)}
        assert_serves(estimator, x, sample=x, **bounds, batches=example.batches)

    def test_no_option_is_ignored(self, first: Example, option: str, value: Any) -> None:
        assert value is not NO_CASE, f"{first.kind.__name__}.{option}: say in its example what it does"
        choice, further = (
            value if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict) else (value, {})
        )
        estimator, x = first.fitted(**{option: choice}, **further)
        try:
            definition = export(estimator, sample=x)
        except UnsupportedError as error:
            assert option in str(error), f"the refusal does not name the option: {error}"
            return
        changed = wanted(estimator, definition, x)
        assert _differs(changed, first, further, x), (
            f"{option}={choice!r} changes nothing here: choose data or a value that does"
        )
        assert_serves(estimator, x, exact=first.exact, batches=[count(x)], definition=definition)

    def test_what_acts_while_fitting_is_not_read_later(self, first: Example) -> None:
        estimator, x = first.fitted()
        definition = export(estimator, sample=x)
        before = wanted(estimator, definition, x)
        for option in options_of(first):
            if first.values(option) == FIT_ONLY:
                setattr(estimator, option, Unreadable(option))
        after = wanted(estimator, definition, x)
        assert all(_same(before[name], after[name]) for name in before)
        assert export(estimator, sample=x).digest == definition.digest, "we read what the library does not"

    def test_what_is_not_fitted_is_refused(self, first: Example) -> None:
        estimator, x = first.fitted()
        if not get_tags(estimator).requires_fit:
            return
        with pytest.raises(UnsupportedError, match="is not fitted"):
            export(clone(estimator), sample=x)

    def test_every_importer_has_an_example(self) -> None:
        walked = {example.kind for example in self.EXAMPLES}
        load_family(self.EXAMPLES[0].kind)
        load_rest()
        library = self.EXAMPLES[0].kind.__module__.partition(".")[0]
        ours = {kind for kind in IMPORTERS if kind.__module__.partition(".")[0] == library}
        missing = sorted(kind.__name__ for kind in ours - walked)
        assert not missing, f"no example of {', '.join(missing)}"


def first_of_each(examples: Sequence[Example]) -> list[Example]:
    """Return the first example of each class."""
    return list({example.kind: example for example in reversed(examples)}.values())


def options_of(example: Example) -> list[str]:
    """Return the constructor's options, read from its signature, so that a new one cannot be overlooked.

    Where it takes further keywords, those are the options of the classes that it derives from, and what the example
    says they may be.
    """
    names: dict[str, None] = {}
    makers = [kind for kind in example.kind.__mro__ if "__init__" in vars(kind)]
    for kind in makers:
        parameters = inspect.signature(kind).parameters.values()
        names |= {p.name: None for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return list(names | dict.fromkeys(example.keywords))


def tries_of(examples: Sequence[Example]) -> list[Any]:
    """Return an example, an option and a value for each case."""
    tries = []
    for example in first_of_each(examples):
        for option in options_of(example):
            values = example.values(option)
            if values in (FIT_ONLY, HARMLESS):
                continue
            for value in values if values is not None else [NO_CASE]:
                tries.append(pytest.param(example, option, value, id=f"{example.name}-{option}-{_name(value)}"))
    return tries


class Unreadable:
    """A value that raises on any use, for an option that must not be read."""

    def __init__(self, option: str) -> None:
        self._option = option

    def _refuse(self, *_: Any) -> Any:
        raise AssertionError(f"{self._option} is read by the fitted estimator: it does not act while fitting alone")

    __bool__ = __eq__ = __float__ = __index__ = __iter__ = __len__ = __lt__ = __gt__ = __call__ = _refuse
    __hash__ = _refuse

    def __getattr__(self, name: str) -> Any:
        return self._refuse()


def _name(value: Any) -> str:
    return getattr(value, "__name__", str(value).partition("<")[0][:30])


def _differs(changed: dict[str, Any], example: Example, further: dict[str, Any], x: Any) -> bool:
    """Return whether the answers differ from those without the option."""
    try:
        before = _before(example, further, x)
    except (AttributeError, TypeError, ValueError, UnsupportedError):  # without the option this data is not supported
        return True
    if changed.keys() != before.keys():
        return True
    return any(not _same(changed[name], before[name]) for name in changed)


def _before(example: Example, further: dict[str, Any], x: Any) -> dict[str, Any]:
    """Return the answers to x; kept for the example itself, whose options are all compared with them."""
    key = id(example), joblib.hash(x)
    if not further and key in _PLAIN:
        return _PLAIN[key]
    plain, _ = example.fitted(**further)
    answers = wanted(plain, export(plain, sample=x), x)
    if not further:
        _PLAIN[key] = answers
    return answers


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    a, b = (np.asarray(v.toarray() if hasattr(v, "toarray") else v) for v in (a, b))
    return a.shape == b.shape and a.dtype == b.dtype and repr(a.tolist()) == repr(b.tolist())
