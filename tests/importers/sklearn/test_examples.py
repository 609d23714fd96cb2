"""Every example answers as its library does, and no constructor option is ignored."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits

from pretzel.errors import UnsupportedError
from pretzel.importers import IMPORTERS, export
from pretzel.importers.registry import load_family
from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, examples
from tests.importers.sklearn.frames import assert_serves, count, wanted

ALL = examples()
NO_CASE = "no case"
FIRST = {example.kind: example for example in reversed(ALL)}


def _options(kind: type) -> list[str]:
    """Return the constructor's options, read from its signature, so that a new one cannot be overlooked."""
    parameters = inspect.signature(kind).parameters.values()
    return [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def _tries() -> list[Any]:
    tries = []
    for kind, example in FIRST.items():
        for option in _options(kind):
            values = example.values(option)
            if values in (FIT_ONLY, HARMLESS):
                continue
            for value in values if values is not None else [NO_CASE]:
                tries.append(pytest.param(example, option, value, id=f"{kind.__name__}-{option}-{_name(value)}"))
    return tries


def _name(value: Any) -> str:
    return getattr(value, "__name__", str(value).partition("<")[0][:30])


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep the library's threads from waiting for one another over so little data."""
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("example", ALL, ids=lambda e: e.kind.__name__)
def test_the_answers_are_the_librarys_own(example: Example) -> None:
    estimator, x = example.fitted()
    assert type(estimator) is example.kind
    assert_serves(estimator, x, sample=x, exact=example.exact, batches=example.batches)


@pytest.mark.parametrize(("example", "option", "value"), _tries())
def test_no_option_is_ignored(example: Example, option: str, value: Any) -> None:
    assert value is not NO_CASE, f"{example.kind.__name__}.{option}: say in its example what it does"
    given, further = (
        value if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict) else (value, {})
    )
    estimator, x = example.fitted(**{option: given}, **further)
    try:
        definition = export(estimator, sample=x)
    except UnsupportedError as error:
        assert option in str(error), f"the refusal does not name the option: {error}"
        return
    changed = wanted(estimator, definition, x)
    assert _differs(changed, example, further, x), (
        f"{option}={given!r} changes nothing here: choose data or a value that does"
    )
    assert_serves(estimator, x, sample=x, exact=example.exact, batches=[count(x)])


@pytest.mark.parametrize("example", FIRST.values(), ids=lambda e: e.kind.__name__)
def test_what_acts_while_fitting_is_not_read_later(example: Example) -> None:
    estimator, x = example.fitted()
    definition = export(estimator, sample=x)
    before = wanted(estimator, definition, x)
    for option in _options(example.kind):
        if example.values(option) == FIT_ONLY:
            setattr(estimator, option, Unreadable(option))
    after = wanted(estimator, definition, x)
    assert all(_same(before[name], after[name]) for name in before)
    assert export(estimator, sample=x).digest == definition.digest, "we read what the library does not"


@pytest.mark.parametrize("example", FIRST.values(), ids=lambda e: e.kind.__name__)
def test_what_is_not_fitted_is_refused(example: Example) -> None:
    estimator, x = example.fitted()
    if not get_tags(estimator).requires_fit:
        return
    with pytest.raises(UnsupportedError, match="is not fitted"):
        export(clone(estimator), sample=x)


class Unreadable:
    """A value of which nothing can be made: it stands where no one is to look."""

    def __init__(self, option: str) -> None:
        self._option = option

    def _refuse(self, *_: Any) -> Any:
        raise AssertionError(f"{self._option} is read by the fitted estimator: it does not act while fitting alone")

    __bool__ = __eq__ = __float__ = __index__ = __iter__ = __len__ = __lt__ = __gt__ = __call__ = _refuse
    __hash__ = _refuse

    def __getattr__(self, name: str) -> Any:
        return self._refuse()


def _differs(changed: dict[str, Any], example: Example, further: dict[str, Any], x: Any) -> bool:
    """Whether the answers are others than those without the option."""
    try:
        plain, _ = example.fitted(**further)
        before = wanted(plain, export(plain, sample=x), x)
    except (AttributeError, TypeError, ValueError, UnsupportedError):  # without it the library, or we, refuse this data
        return True
    if changed.keys() != before.keys():
        return True
    return any(not _same(changed[name], before[name]) for name in changed)


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    a, b = (np.asarray(v.toarray() if hasattr(v, "toarray") else v) for v in (a, b))
    return a.shape == b.shape and a.dtype == b.dtype and repr(a.tolist()) == repr(b.tolist())


def test_every_importer_has_an_example() -> None:
    load_family(ALL[0].kind)
    missing = sorted(
        kind.__name__ for kind in IMPORTERS if kind.__module__.startswith("sklearn.") and kind not in FIRST
    )
    assert not missing, f"no example of {', '.join(missing)}"
