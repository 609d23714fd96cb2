from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Figures(_message.Message):
    __slots__ = ("instance", "versions")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    instance: str
    versions: _containers.RepeatedCompositeFieldContainer[VersionFigures]
    def __init__(self, instance: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[VersionFigures, _Mapping]]] = ...) -> None: ...

class VersionFigures(_message.Message):
    __slots__ = ("model", "version", "faults", "refusals", "durations")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    faults: int
    refusals: int
    durations: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., faults: _Optional[int] = ..., refusals: _Optional[int] = ..., durations: _Optional[_Iterable[int]] = ...) -> None: ...
