"""The methods that a front serves, registered by the generated `add_...Servicer_to_server` functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import grpc
import structlog

from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.context import ServicerContext
from pretzel.data_plane.transport.permits import MANY, NESTED, ONE
from pretzel.data_plane.transport.runner import SharedLook
from pretzel.errors import PretzelError
from pretzel.serving.identity.table import Rule, rule_of

log = structlog.get_logger(__name__)

Handler = Any
"""A `grpc.RpcMethodHandler`; its type stubs lack the attributes."""
Guard = Callable[[Handler, str], Handler]
Answer = bytes | Awaitable["bytes | None"] | PretzelError | None
"""The bytes of a response, an awaitable of them, the error of a refused call, or None if the ordinary handler must
answer.  A message of a stream is not refused."""
Fast = Callable[[bytes, float, Origin], Answer]
"""Answers the bytes of a request of a call until a deadline, as the handler would."""
Each = Callable[[bytes, ServicerContext], Awaitable[bytes]]
"""Answers one message of a stream."""


FORMS: Mapping[str, int] = {
    "/pretzel.v1.PredictionService/Predict": ONE,
    "/pretzel.v1.PredictionService/PredictMany": MANY,
    "/pretzel.v1.PredictionService/PredictStream": NESTED,
    "/inference.GRPCInferenceService/ModelInfer": ONE,
    "/inference.GRPCInferenceService/ModelStreamInfer": ONE,
}


class Shortcuts(NamedTuple):
    """Ways to answer calls without their ordinary handlers, by path."""

    unary: Mapping[str, Fast] = {}
    streams: Mapping[str, tuple[Fast | None, Each]] = {}
    """Streams with one response per request, in order: what is tried first, and what always answers."""
    look: SharedLook | None = None
    """While it is open, the shortcuts leave to it whether their answers may be released."""


@dataclass(slots=True)
class Method:
    """One method: its handler, and the shortcuts to its answers."""

    handler: Handler
    fast: Fast | None = None
    each: Each | None = None
    """Set for a stream with one response per request; it is then served without the handler."""
    path: bytes = b""
    is_prediction: bool = field(init=False)
    """It has a shortcut.  Only such calls are refused under overload."""
    answers_calls: bool = field(init=False)
    """Its shortcut answers a whole call, and not a message of a stream."""
    takes_many: bool = field(init=False)
    """The client sends any number of messages."""
    gives_many: bool = field(init=False)
    rule: Rule = field(init=False)
    """The role that its callers need."""
    form: int = field(init=False)
    """The place of model names in its messages, for decisions before decoding; 0 leaves them to the handler."""

    def __post_init__(self) -> None:
        self.is_prediction = self.fast is not None or self.each is not None
        self.answers_calls = self.fast is not None and self.each is None
        path = self.path.decode("latin-1")
        self.rule, self.form = rule_of(path), FORMS.get(path, 0)
        self.takes_many, self.gives_many = self.handler.request_streaming, self.handler.response_streaming

    @property
    def name(self) -> str:
        """Return its name without the service."""
        return self.path.decode("latin-1").rpartition("/")[2]

    def shortcut(self, message: bytes, deadline: float, origin: Origin) -> Answer:
        """Return the answer of the shortcut; None if there is none, or if it has a fault."""
        if self.fast is None:
            return None
        try:
            return self.fast(message, deadline, origin)
        except Exception as error:  # the handler still answers, or fails in its own words
            log.error("the shortcut of a method failed", exc_info=error)
            return None


class _Details(NamedTuple):
    """The part of `grpc.HandlerCallDetails` by which generated code finds a handler."""

    method: str
    invocation_metadata: tuple[()] = ()


class Methods:
    """All methods by path.  It takes the place of a `grpc.Server` where services are registered."""

    def __init__(self, guard: Guard = lambda handler, _: handler, shortcuts: Shortcuts | None = None) -> None:
        """Create an empty table; ``guard`` wraps the handler of each path."""
        self._guard, self._shortcuts = guard, shortcuts or Shortcuts()
        self.look = self._shortcuts.look or SharedLook()
        """Proves the answers of calls that arrive together."""
        self._services: list[grpc.GenericRpcHandler] = []
        self._known: dict[bytes, Method] = {}

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Add the methods of a service."""
        self._services.extend(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Do nothing: newer generated code adds the same methods as generic handlers too."""

    def find(self, path: bytes) -> Method | None:
        """Return the method at a path, or None."""
        return self._known.get(path) or self._look_up(path)

    def known(self, path: bytes) -> Method | None:
        """Return the method at a path if it was called before, else None."""
        return self._known.get(path)

    def _look_up(self, path: bytes) -> Method | None:
        name = path.decode("latin-1")
        for service in self._services:
            handler = service.service(_Details(name))  # type: ignore[arg-type]
            if handler is not None:
                method = self._known[path] = self._method(name, self._guard(handler, name))
                return method
        return None

    def _method(self, path: str, handler: Handler) -> Method:
        fast, each = self._shortcuts.streams.get(path, (self._shortcuts.unary.get(path), None))
        return Method(handler, fast, each, path.encode("latin-1"))
