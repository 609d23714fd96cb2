"""Calls of a control plane that are repeated while it is away: each is safe to repeat, or made so here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pretzel.client.failures import CutOffError
from pretzel.client.operations import Effect, Operation, backoff
from pretzel.errors import DeadlineError, PretzelError, UnavailableError

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a server that has answered before is waited for, unless the caller's deadline comes first."""


class Repeater:
    """Repeats the calls of one client.

    A server that has answered this client exists, so it is waited for while it restarts.  One that never answered may
    be a wrong address, which the caller should hear of soon: gRPC has tried it for about two seconds by then.
    """

    def __init__(self) -> None:
        self._answered = False

    def ask(self, effect: Callable[[], Effect]) -> Operation[Any]:
        """Perform an effect that is made anew for each attempt, until it succeeds or there is no hope."""
        return (yield from self.repeat(lambda cut_off: _perform(effect())))

    def repeat(self, attempt: Callable[[bool], Operation[T]]) -> Operation[T]:
        """Make attempts until one succeeds; each is told whether one before was cut off, and so may have been done.

        Raises:
            UnavailableError: the server never answered, or not in time.
        """
        began, cut_off = time.monotonic(), False
        lost: UnavailableError | None = None
        for number in itertools.count():
            try:
                result = yield from attempt(cut_off)
            except UnavailableError as error:
                cut_off = cut_off or isinstance(error, CutOffError)
                self._answered = self._answered or cut_off
                if not self._answered or time.monotonic() - began > PATIENCE:
                    raise
                lost = error
                yield backoff(number)
            except DeadlineError as error:
                raise _explained(error, lost) from None
            except PretzelError:
                self._answered = True
                raise
            else:
                self._answered = True
                return result
        raise AssertionError("unreachable")


def _perform(effect: Effect) -> Operation[Any]:
    return (yield effect)


def _explained(error: DeadlineError, lost: UnavailableError | None) -> DeadlineError:
    """Return the error of a deadline that passed while a server was waited for, with what was wrong with it."""
    return error if lost is None else DeadlineError(f"{lost}; the time to wait for it is over")
