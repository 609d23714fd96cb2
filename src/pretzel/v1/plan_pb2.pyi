from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Node(_message.Message):
    __slots__ = ("operator", "inputs", "attributes", "parameters")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Attribute, _Mapping]] = ...) -> None: ...
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Digest
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ...) -> None: ...
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    operator: str
    inputs: _containers.RepeatedScalarFieldContainer[int]
    attributes: _containers.MessageMap[str, _values_pb2.Attribute]
    parameters: _containers.MessageMap[str, _values_pb2.Digest]
    def __init__(self, operator: _Optional[str] = ..., inputs: _Optional[_Iterable[int]] = ..., attributes: _Optional[_Mapping[str, _values_pb2.Attribute]] = ..., parameters: _Optional[_Mapping[str, _values_pb2.Digest]] = ...) -> None: ...

class NamedOutput(_message.Message):
    __slots__ = ("name", "node")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    node: int
    def __init__(self, name: _Optional[str] = ..., node: _Optional[int] = ...) -> None: ...

class NamedStep(_message.Message):
    __slots__ = ("name", "nodes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    name: str
    nodes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., nodes: _Optional[_Iterable[int]] = ...) -> None: ...

class Definition(_message.Message):
    __slots__ = ("nodes", "inputs", "outputs", "metadata", "steps")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Attribute, _Mapping]] = ...) -> None: ...
    NODES_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    inputs: _containers.RepeatedScalarFieldContainer[int]
    outputs: _containers.RepeatedCompositeFieldContainer[NamedOutput]
    metadata: _containers.MessageMap[str, _values_pb2.Attribute]
    steps: _containers.RepeatedCompositeFieldContainer[NamedStep]
    def __init__(self, nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., inputs: _Optional[_Iterable[int]] = ..., outputs: _Optional[_Iterable[_Union[NamedOutput, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, _values_pb2.Attribute]] = ..., steps: _Optional[_Iterable[_Union[NamedStep, _Mapping]]] = ...) -> None: ...

class Stage(_message.Message):
    __slots__ = ("operator", "kernel", "attributes", "parameters", "inputs", "type", "fingerprint")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Attribute, _Mapping]] = ...) -> None: ...
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Digest
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ...) -> None: ...
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    KERNEL_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    operator: str
    kernel: str
    attributes: _containers.MessageMap[str, _values_pb2.Attribute]
    parameters: _containers.MessageMap[str, _values_pb2.Digest]
    inputs: _containers.RepeatedScalarFieldContainer[int]
    type: str
    fingerprint: str
    def __init__(self, operator: _Optional[str] = ..., kernel: _Optional[str] = ..., attributes: _Optional[_Mapping[str, _values_pb2.Attribute]] = ..., parameters: _Optional[_Mapping[str, _values_pb2.Digest]] = ..., inputs: _Optional[_Iterable[int]] = ..., type: _Optional[str] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class PlanOutput(_message.Message):
    __slots__ = ("name", "slot", "labels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    slot: int
    labels: _values_pb2.Digest
    def __init__(self, name: _Optional[str] = ..., slot: _Optional[int] = ..., labels: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ...) -> None: ...

class PlanInput(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("digest", "kernel_set", "inputs", "stages", "outputs", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _values_pb2.Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Attribute, _Mapping]] = ...) -> None: ...
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    KERNEL_SET_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    digest: _values_pb2.Digest
    kernel_set: str
    inputs: _containers.RepeatedCompositeFieldContainer[PlanInput]
    stages: _containers.RepeatedCompositeFieldContainer[Stage]
    outputs: _containers.RepeatedCompositeFieldContainer[PlanOutput]
    metadata: _containers.MessageMap[str, _values_pb2.Attribute]
    def __init__(self, digest: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., kernel_set: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[PlanInput, _Mapping]]] = ..., stages: _Optional[_Iterable[_Union[Stage, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[PlanOutput, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, _values_pb2.Attribute]] = ...) -> None: ...
