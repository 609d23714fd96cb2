"""The hot path of the Open Inference Protocol: from the bytes of a request to the bytes of its response."""

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.oip.statistics import Statistics
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.fast import Answered
from pretzel.data_plane.transport.runner import SharedLook

class FastInfer:
    """Answers the bytes of requests for inference, on one event loop."""

    def __init__(
        self,
        router: Router,
        engine: RequestEngine,
        statistics: Statistics,
        tally: Tally,
        most_bytes: int = ...,
        results: ResultCache | None = ...,
    ) -> None: ...
    def share(self, look: SharedLook) -> None: ...
    def answer(self, message: bytes, deadline: float = 0.0, origin: Origin | None = None) -> Answered: ...
    def answer_streamed(self, message: bytes, deadline: float = 0.0, origin: Origin | None = None) -> Answered: ...
