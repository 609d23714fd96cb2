"""Retries of control-plane calls while the control plane is unavailable; all calls are made safe to retry."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pretzel.client.failures import CutOffError, explained
from pretzel.client.operations import Effect, Operation, backoff
from pretzel.errors import DeadlineError, PretzelError, UnavailableError

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds to wait for a server that has answered before, within the caller's deadline."""


class Repeater:
    """Retries the calls of one client.

    A server that has answered this client exists, so the client waits while it restarts.  A server that never answered
    may be a wrong address, which is reported soon: after about two seconds of attempts by gRPC.
    """

    def __init__(self) -> None:
        self._answered = False

    def ask(self, effect: Callable[[], Effect]) -> Operation[Any]:
        """Perform an effect, created again for each attempt, until it succeeds or the retries end."""
        return (yield from self.repeat(lambda cut_off: _perform(effect())))

    def repeat(self, attempt: Callable[[bool], Operation[T]]) -> Operation[T]:
        """Retry until an attempt succeeds; its argument is true if an earlier one was cut off and may have run.

        Raises:
            UnavailableError: the server never answered, or not within ``PATIENCE``.
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
                raise explained(error, lost) from None
            except PretzelError:
                self._answered = True
                raise
            else:
                self._answered = True
                return result
        raise AssertionError("unreachable")


def _perform(effect: Effect) -> Operation[Any]:
    return (yield effect)
