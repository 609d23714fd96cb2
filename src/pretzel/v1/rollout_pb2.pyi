from pretzel.v1 import control_pb2 as _control_pb2
from pretzel.v1 import model_pb2 as _model_pb2
from pretzel.v1 import shadow_pb2 as _shadow_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SetTrafficRequest(_message.Message):
    __slots__ = ("model", "alias", "shares", "terms")
    class SharesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    shares: _containers.ScalarMap[int, int]
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., shares: _Optional[_Mapping[int, int]] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class SetTrafficResponse(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ...) -> None: ...

class SetShadowRequest(_message.Message):
    __slots__ = ("model", "alias", "version", "slots", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    version: int
    slots: int
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., slots: _Optional[int] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class SetShadowResponse(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ...) -> None: ...

class DescribeShadowRequest(_message.Message):
    __slots__ = ("model", "alias")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ...) -> None: ...

class DescribeShadowResponse(_message.Message):
    __slots__ = ("shadow", "figures")
    SHADOW_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    shadow: _model_pb2.Shadow
    figures: _containers.RepeatedCompositeFieldContainer[_shadow_pb2.ShadowFigures]
    def __init__(self, shadow: _Optional[_Union[_model_pb2.Shadow, _Mapping]] = ..., figures: _Optional[_Iterable[_Union[_shadow_pb2.ShadowFigures, _Mapping]]] = ...) -> None: ...

class FreezeRequest(_message.Message):
    __slots__ = ("pattern", "until", "reason")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    until: float
    reason: str
    def __init__(self, pattern: _Optional[str] = ..., until: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class FreezeResponse(_message.Message):
    __slots__ = ("freeze",)
    FREEZE_FIELD_NUMBER: _ClassVar[int]
    freeze: FreezeOrder
    def __init__(self, freeze: _Optional[_Union[FreezeOrder, _Mapping]] = ...) -> None: ...

class UnfreezeRequest(_message.Message):
    __slots__ = ("pattern",)
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    def __init__(self, pattern: _Optional[str] = ...) -> None: ...

class UnfreezeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFreezesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFreezesResponse(_message.Message):
    __slots__ = ("freezes",)
    FREEZES_FIELD_NUMBER: _ClassVar[int]
    freezes: _containers.RepeatedCompositeFieldContainer[FreezeOrder]
    def __init__(self, freezes: _Optional[_Iterable[_Union[FreezeOrder, _Mapping]]] = ...) -> None: ...

class FreezeOrder(_message.Message):
    __slots__ = ("pattern", "by", "at", "until", "reason")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    by: str
    at: float
    until: float
    reason: str
    def __init__(self, pattern: _Optional[str] = ..., by: _Optional[str] = ..., at: _Optional[float] = ..., until: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class StartRolloutRequest(_message.Message):
    __slots__ = ("model", "alias", "version", "steps", "every", "rules", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    version: int
    steps: _containers.RepeatedScalarFieldContainer[int]
    every: float
    rules: RolloutRules
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., steps: _Optional[_Iterable[int]] = ..., every: _Optional[float] = ..., rules: _Optional[_Union[RolloutRules, _Mapping]] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class RolloutRules(_message.Message):
    __slots__ = ("calls", "errors", "all_errors", "latency", "slack", "disagreement", "patience")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    ALL_ERRORS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    SLACK_FIELD_NUMBER: _ClassVar[int]
    DISAGREEMENT_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    calls: int
    errors: float
    all_errors: float
    latency: float
    slack: float
    disagreement: float
    patience: float
    def __init__(self, calls: _Optional[int] = ..., errors: _Optional[float] = ..., all_errors: _Optional[float] = ..., latency: _Optional[float] = ..., slack: _Optional[float] = ..., disagreement: _Optional[float] = ..., patience: _Optional[float] = ...) -> None: ...

class StartRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class GetRolloutRequest(_message.Message):
    __slots__ = ("model", "alias")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ...) -> None: ...

class GetRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class ListRolloutsRequest(_message.Message):
    __slots__ = ("lasting",)
    LASTING_FIELD_NUMBER: _ClassVar[int]
    lasting: bool
    def __init__(self, lasting: bool = ...) -> None: ...

class ListRolloutsResponse(_message.Message):
    __slots__ = ("rollouts",)
    ROLLOUTS_FIELD_NUMBER: _ClassVar[int]
    rollouts: _containers.RepeatedCompositeFieldContainer[Rollout]
    def __init__(self, rollouts: _Optional[_Iterable[_Union[Rollout, _Mapping]]] = ...) -> None: ...

class PauseRolloutRequest(_message.Message):
    __slots__ = ("model", "alias", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class PauseRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class ResumeRolloutRequest(_message.Message):
    __slots__ = ("model", "alias", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class ResumeRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class AbortRolloutRequest(_message.Message):
    __slots__ = ("model", "alias", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class AbortRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class PromoteRolloutRequest(_message.Message):
    __slots__ = ("model", "alias", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    terms: _control_pb2.Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., terms: _Optional[_Union[_control_pb2.Terms, _Mapping]] = ...) -> None: ...

class PromoteRolloutResponse(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class Rollout(_message.Message):
    __slots__ = ("id", "model", "alias", "stable", "version", "steps", "every", "rules", "status", "step", "began", "by", "started", "ended", "reason", "decisions")
    ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    BEGAN_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    id: int
    model: str
    alias: str
    stable: int
    version: int
    steps: _containers.RepeatedScalarFieldContainer[int]
    every: float
    rules: RolloutRules
    status: str
    step: int
    began: float
    by: str
    started: float
    ended: float
    reason: str
    decisions: _containers.RepeatedCompositeFieldContainer[RolloutDecision]
    def __init__(self, id: _Optional[int] = ..., model: _Optional[str] = ..., alias: _Optional[str] = ..., stable: _Optional[int] = ..., version: _Optional[int] = ..., steps: _Optional[_Iterable[int]] = ..., every: _Optional[float] = ..., rules: _Optional[_Union[RolloutRules, _Mapping]] = ..., status: _Optional[str] = ..., step: _Optional[int] = ..., began: _Optional[float] = ..., by: _Optional[str] = ..., started: _Optional[float] = ..., ended: _Optional[float] = ..., reason: _Optional[str] = ..., decisions: _Optional[_Iterable[_Union[RolloutDecision, _Mapping]]] = ...) -> None: ...

class RolloutDecision(_message.Message):
    __slots__ = ("at", "step", "decision", "reason", "by", "version", "stable")
    AT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    at: float
    step: int
    decision: str
    reason: str
    by: str
    version: RolloutFigures
    stable: RolloutFigures
    def __init__(self, at: _Optional[float] = ..., step: _Optional[int] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ..., by: _Optional[str] = ..., version: _Optional[_Union[RolloutFigures, _Mapping]] = ..., stable: _Optional[_Union[RolloutFigures, _Mapping]] = ...) -> None: ...

class RolloutFigures(_message.Message):
    __slots__ = ("calls", "faults", "refusals", "p99")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    calls: int
    faults: int
    refusals: int
    p99: float
    def __init__(self, calls: _Optional[int] = ..., faults: _Optional[int] = ..., refusals: _Optional[int] = ..., p99: _Optional[float] = ...) -> None: ...
