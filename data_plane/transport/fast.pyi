"""The hot path of predictions: from the bytes of a request to those of its response, with few Python objects."""

from collections.abc import Awaitable

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.runner import SharedLook

Answered = bytes | Awaitable[bytes | None] | None

class FastPredict:
    """Answers the bytes of requests, on one event loop."""

    def __init__(
        self,
        router: Router,
        engine: RequestEngine,
        most_bytes: int = ...,
        tally: Tally | None = ...,
        results: ResultCache | None = ...,
    ) -> None: ...
    def share(self, look: SharedLook) -> None: ...
    def answer(self, message: bytes, deadline: float = 0.0, origin: Origin | None = None) -> Answered: ...
    def answer_streamed(self, message: bytes, deadline: float = 0.0, origin: Origin | None = None) -> Answered: ...
