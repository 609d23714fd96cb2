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
