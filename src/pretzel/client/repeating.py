"""Retries of control-plane calls while the control plane is unavailable; all calls are made safe to retry."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pretzel.client.endpoint import Endpoint
from pretzel.client.failures import CutOffError, OtherServiceError, UnreachedError, explained
from pretzel.client.operations import Effect, Operation, Sleep, backoff
from pretzel.errors import DeadlineError, ExhaustedError, PretzelError, UnavailableError

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds to wait for a server that has answered before, within the caller's deadline."""
FIRST_CONTACT = 2.0
"""Seconds to wait for a server that never answered: it may be starting."""


class Repeater:
    """Retries the calls of one client.

    A server that has answered this client exists, so the client waits while it restarts.  A server that never answered
    may be a wrong address, which is reported soon; and so is a fault that a server reports of itself in answer to the
    first operation.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """Retry the calls to the server of an endpoint."""
        self._endpoint = endpoint
        self._served = False  # an operation ended with a result, or with an error that no retry changes

    def ask(self, effect: Callable[[], Effect]) -> Operation[Any]:
        """Perform an effect, created again for each attempt, until it succeeds or the retries end."""
        return (yield from self.repeat(lambda cut_off: _perform(effect())))

    def repeat(self, attempt: Callable[[bool], Operation[T]]) -> Operation[T]:
        """Retry until an attempt succeeds; its argument is true if an earlier one was cut off and may have run.

        Raises:
            UnavailableError: the server did not answer within ``PATIENCE``; or ``FIRST_CONTACT``, if it never did.
        """
        began, cut_off = time.monotonic(), False
        lost: PretzelError | None = None
        for number in itertools.count():
            try:
                result = yield from attempt(cut_off)
            except OtherServiceError:  # the address is wrong, and stays so
                raise
            except UnavailableError as error:
                cut_off = cut_off or isinstance(error, CutOffError)
                if time.monotonic() - began > self._patience(error):
                    raise
                lost = error
                yield backoff(number)
            except ExhaustedError as error:
                if error.retry_after is None or time.monotonic() + error.retry_after - began > PATIENCE:
                    raise
                lost = error
                yield Sleep(max(error.retry_after * random.uniform(1.0, 1.5), backoff(number).seconds))
            except DeadlineError as error:
                raise explained(error, lost) from None
            except PretzelError:
                self._served = True
                raise
            else:
                self._served = True
                return result
        raise AssertionError("unreachable")

    def _patience(self, error: UnavailableError) -> float:
        """Return the seconds for which a failure is retried."""
        away = isinstance(error, (CutOffError, UnreachedError)) and self._endpoint.reached
        return PATIENCE if self._served or away else FIRST_CONTACT


def _perform(effect: Effect) -> Operation[Any]:
    return (yield effect)
