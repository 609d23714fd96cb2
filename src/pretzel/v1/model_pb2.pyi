from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelVersion(_message.Message):
    __slots__ = ("model", "version", "plan", "definition", "created", "parameter_bytes", "metadata", "labels", "owner", "note")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Attribute, _Mapping]] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_BYTES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    plan: _values_pb2.Digest
    definition: _values_pb2.Digest
    created: float
    parameter_bytes: int
    metadata: _containers.MessageMap[str, _values_pb2.Attribute]
    labels: _containers.ScalarMap[str, str]
    owner: str
    note: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., plan: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., definition: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., created: _Optional[float] = ..., parameter_bytes: _Optional[int] = ..., metadata: _Optional[_Mapping[str, _values_pb2.Attribute]] = ..., labels: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "versions", "aliases", "labels", "owner", "note", "traffic", "edition", "shadows", "hints")
    class AliasesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class TrafficEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Split
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Split, _Mapping]] = ...) -> None: ...
    class ShadowsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Shadow
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Shadow, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TRAFFIC_FIELD_NUMBER: _ClassVar[int]
    EDITION_FIELD_NUMBER: _ClassVar[int]
    SHADOWS_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    versions: _containers.RepeatedCompositeFieldContainer[ModelVersion]
    aliases: _containers.ScalarMap[str, int]
    labels: _containers.ScalarMap[str, str]
    owner: str
    note: str
    traffic: _containers.MessageMap[str, Split]
    edition: int
    shadows: _containers.MessageMap[str, Shadow]
    hints: Hints
    def __init__(self, name: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[ModelVersion, _Mapping]]] = ..., aliases: _Optional[_Mapping[str, int]] = ..., labels: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., note: _Optional[str] = ..., traffic: _Optional[_Mapping[str, Split]] = ..., edition: _Optional[int] = ..., shadows: _Optional[_Mapping[str, Shadow]] = ..., hints: _Optional[_Union[Hints, _Mapping]] = ...) -> None: ...

class Hints(_message.Message):
    __slots__ = ("pin", "replicas", "workers")
    PIN_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    pin: bool
    replicas: int
    workers: str
    def __init__(self, pin: bool = ..., replicas: _Optional[int] = ..., workers: _Optional[str] = ...) -> None: ...

class Shadow(_message.Message):
    __slots__ = ("version", "slots", "id")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    version: int
    slots: int
    id: int
    def __init__(self, version: _Optional[int] = ..., slots: _Optional[int] = ..., id: _Optional[int] = ...) -> None: ...

class Split(_message.Message):
    __slots__ = ("runs",)
    RUNS_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[Run]
    def __init__(self, runs: _Optional[_Iterable[_Union[Run, _Mapping]]] = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ("version", "slots")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    version: int
    slots: int
    def __init__(self, version: _Optional[int] = ..., slots: _Optional[int] = ...) -> None: ...

class InputDescription(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class OutputDescription(_message.Message):
    __slots__ = ("name", "type", "labels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    labels: _values_pb2.Column
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., labels: _Optional[_Union[_values_pb2.Column, _Mapping]] = ...) -> None: ...

class ModelDescription(_message.Message):
    __slots__ = ("version", "inputs", "outputs", "aliases", "labels", "owner", "note", "traffic", "edition", "hints", "shadows")
    class AliasesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class TrafficEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Split
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Split, _Mapping]] = ...) -> None: ...
    class ShadowsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Shadow
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Shadow, _Mapping]] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TRAFFIC_FIELD_NUMBER: _ClassVar[int]
    EDITION_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    SHADOWS_FIELD_NUMBER: _ClassVar[int]
    version: ModelVersion
    inputs: _containers.RepeatedCompositeFieldContainer[InputDescription]
    outputs: _containers.RepeatedCompositeFieldContainer[OutputDescription]
    aliases: _containers.ScalarMap[str, int]
    labels: _containers.ScalarMap[str, str]
    owner: str
    note: str
    traffic: _containers.MessageMap[str, Split]
    edition: int
    hints: Hints
    shadows: _containers.MessageMap[str, Shadow]
    def __init__(self, version: _Optional[_Union[ModelVersion, _Mapping]] = ..., inputs: _Optional[_Iterable[_Union[InputDescription, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[OutputDescription, _Mapping]]] = ..., aliases: _Optional[_Mapping[str, int]] = ..., labels: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., note: _Optional[str] = ..., traffic: _Optional[_Mapping[str, Split]] = ..., edition: _Optional[int] = ..., hints: _Optional[_Union[Hints, _Mapping]] = ..., shadows: _Optional[_Mapping[str, Shadow]] = ...) -> None: ...
