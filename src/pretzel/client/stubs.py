"""The methods of workers and of control planes."""

from __future__ import annotations

from typing import Any

from pretzel.v1.audit_pb2_grpc import AuditServiceStub
from pretzel.v1.control_pb2_grpc import ControlPlaneServiceStub
from pretzel.v1.overview_pb2_grpc import OverviewServiceStub
from pretzel.v1.placement_pb2_grpc import PlacementServiceStub
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from pretzel.v1.quota_pb2_grpc import QuotaServiceStub
from pretzel.v1.rollout_pb2_grpc import RolloutServiceStub
from pretzel.v1.schedule_pb2_grpc import ScheduleServiceStub


class WorkerStub(PredictionServiceStub):
    """The methods of the prediction service, and one of them over the bytes of its messages."""

    def __init__(self, channel: Any) -> None:
        """Prepare the methods of a channel."""
        super().__init__(channel)  # type: ignore[no-untyped-call]  # generated code has no types
        self.PredictBytes = channel.unary_unary("/pretzel.v1.PredictionService/Predict")


class ControlStub(
    ControlPlaneServiceStub,
    OverviewServiceStub,
    AuditServiceStub,
    RolloutServiceStub,
    ScheduleServiceStub,
    PlacementServiceStub,
    QuotaServiceStub,
):
    """The methods of a control plane: of deployment, overview, audit trail, traffic, schedule, placement, limits."""

    def __init__(self, channel: Any) -> None:
        """Prepare the methods of a channel."""
        ControlPlaneServiceStub.__init__(self, channel)
        OverviewServiceStub.__init__(self, channel)
        AuditServiceStub.__init__(self, channel)
        RolloutServiceStub.__init__(self, channel)
        ScheduleServiceStub.__init__(self, channel)
        PlacementServiceStub.__init__(self, channel)
        QuotaServiceStub.__init__(self, channel)
