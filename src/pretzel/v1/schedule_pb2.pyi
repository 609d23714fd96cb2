from pretzel.v1 import control_pb2 as _control_pb2
from pretzel.v1 import rollout_pb2 as _rollout_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deferred(_message.Message):
    __slots__ = ("set_alias", "set_traffic", "start_rollout", "freeze", "unfreeze", "delete_model")
    SET_ALIAS_FIELD_NUMBER: _ClassVar[int]
    SET_TRAFFIC_FIELD_NUMBER: _ClassVar[int]
    START_ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    FREEZE_FIELD_NUMBER: _ClassVar[int]
    UNFREEZE_FIELD_NUMBER: _ClassVar[int]
    DELETE_MODEL_FIELD_NUMBER: _ClassVar[int]
    set_alias: _control_pb2.SetAliasRequest
    set_traffic: _rollout_pb2.SetTrafficRequest
    start_rollout: _rollout_pb2.StartRolloutRequest
    freeze: _rollout_pb2.FreezeRequest
    unfreeze: _rollout_pb2.UnfreezeRequest
    delete_model: _control_pb2.DeleteModelRequest
    def __init__(self, set_alias: _Optional[_Union[_control_pb2.SetAliasRequest, _Mapping]] = ..., set_traffic: _Optional[_Union[_rollout_pb2.SetTrafficRequest, _Mapping]] = ..., start_rollout: _Optional[_Union[_rollout_pb2.StartRolloutRequest, _Mapping]] = ..., freeze: _Optional[_Union[_rollout_pb2.FreezeRequest, _Mapping]] = ..., unfreeze: _Optional[_Union[_rollout_pb2.UnfreezeRequest, _Mapping]] = ..., delete_model: _Optional[_Union[_control_pb2.DeleteModelRequest, _Mapping]] = ...) -> None: ...

class ScheduleChangeRequest(_message.Message):
    __slots__ = ("change", "at", "not_after", "note", "key")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    change: Deferred
    at: float
    not_after: float
    note: str
    key: str
    def __init__(self, change: _Optional[_Union[Deferred, _Mapping]] = ..., at: _Optional[float] = ..., not_after: _Optional[float] = ..., note: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class ScheduleChangeResponse(_message.Message):
    __slots__ = ("change",)
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    change: ScheduledChange
    def __init__(self, change: _Optional[_Union[ScheduledChange, _Mapping]] = ...) -> None: ...

class ListScheduleRequest(_message.Message):
    __slots__ = ("waiting", "page_size", "page_token")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    waiting: bool
    page_size: int
    page_token: str
    def __init__(self, waiting: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListScheduleResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[ScheduledChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[ScheduledChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelScheduledRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class CancelScheduledResponse(_message.Message):
    __slots__ = ("change",)
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    change: ScheduledChange
    def __init__(self, change: _Optional[_Union[ScheduledChange, _Mapping]] = ...) -> None: ...

class ScheduledChange(_message.Message):
    __slots__ = ("id", "method", "change", "at", "not_after", "note", "by", "scheduled", "status", "ended", "outcome")
    ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    id: int
    method: str
    change: Deferred
    at: float
    not_after: float
    note: str
    by: str
    scheduled: float
    status: str
    ended: float
    outcome: str
    def __init__(self, id: _Optional[int] = ..., method: _Optional[str] = ..., change: _Optional[_Union[Deferred, _Mapping]] = ..., at: _Optional[float] = ..., not_after: _Optional[float] = ..., note: _Optional[str] = ..., by: _Optional[str] = ..., scheduled: _Optional[float] = ..., status: _Optional[str] = ..., ended: _Optional[float] = ..., outcome: _Optional[str] = ...) -> None: ...
