"""Examples of every served estimator, for the generated table and the walk over constructor options.

A module of this package holds ``EXAMPLES``, a list of :class:`Example`, one or more a class.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIT_ONLY = "fit only"
"""The option acts only in fitting; its effect is in the fitted attributes that the importer reads."""

HARMLESS = "harmless"
"""The library reads the option when it answers, but it does not change the answer: threads, verbosity."""

COMMON = {
    name: FIT_ONLY
    for name in (
        "compute_score",
        "copy_X",
        "eps",
        "max_iter",
        "n_init",
        "random_state",
        "tol",
        "warm_start",
    )
} | dict.fromkeys(("copy", "copy_x", "n_jobs", "verbose"), HARMLESS)
"""Options with the same meaning for all; an entry of an example takes precedence."""

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    """One class, a function that fits it, and the effect of each constructor option.

    ``make(**options)`` returns a fitted estimator and X to give it; without options, the plainest there is.

    ``options``: for each constructor option FIT_ONLY, HARMLESS, or the values to try, each either a plain value or a
    ``(value, further options)`` pair.  A value must change the library's answer (then ours must follow) or be refused.
    """

    kind: type
    make: Callable[..., tuple[Any, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False
    """True if floats agree to the bit."""
    batches: tuple[int, ...] = (1, 7, 1000)
    """Batch sizes; without 1 if the library drops a dimension of a single row's answer."""
    amplifies: Callable[[Any], float] = lambda fitted: 1.0
    """Factor by which a fitted estimator enlarges rounding errors of inner sums, which differ between machines."""
    keywords: Sequence[str] = ()
    """Options that the constructor takes by ``**kwargs``."""

    @property
    def name(self) -> str:
        """The name of the class, for test ids."""
        return self.kind.__name__

    def fitted(self, **options: Any) -> tuple[Any, Any]:
        """Return a fitted estimator and X, with the library's warnings kept quiet."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.make(**options)

    def values(self, option: str) -> Any:
        """Return FIT_ONLY, HARMLESS, the values to try, or None where the option has no case."""
        return self.options.get(option, COMMON.get(option))


def fitting(kind: type, x: Any, y: Any = None, *, rows: Any = None, **defaults: Any) -> Callable[..., tuple[Any, Any]]:
    """Return a maker that fits ``kind`` with the options given, over ``defaults``, on ``x`` and ``y``.

    ``rows``: the X to give it, where that is not ``x``.
    """

    def make(**options: Any) -> tuple[Any, Any]:
        return kind(**{**defaults, **options}).fit(x, y), x if rows is None else rows

    return make


def examples() -> list[Example]:
    """Return the examples of all modules here."""
    listed: list[Example] = []
    for module in pkgutil.iter_modules(__path__):
        listed += importlib.import_module(f"{__name__}.{module.name}").EXAMPLES
    return listed
