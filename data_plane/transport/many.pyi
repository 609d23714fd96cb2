"""The hot path of calls for many models: one look-up for a list that was seen before, one program, one response."""

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.merged_plans import JointCatalog
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.fast import Answered
from pretzel.data_plane.transport.runner import SharedLook
from pretzel.plan.digest import Digest

class FastMany:
    """Answers the bytes of requests for many models as ``FastPredict`` does those for one."""

    def __init__(
        self,
        router: Router,
        plans: PlanCatalog,
        joint: JointCatalog,
        engine: RequestEngine,
        tally: Tally,
        most_bytes: int = ...,
    ) -> None: ...
    def share(self, look: SharedLook) -> None: ...
    def answer(self, message: bytes, deadline: float = 0.0, origin: Origin | None = None) -> Answered: ...
    def forget(self, plan: Digest) -> None: ...
