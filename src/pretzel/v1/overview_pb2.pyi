from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MeasureSharingRequest(_message.Message):
    __slots__ = ("most_objects",)
    MOST_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    most_objects: int
    def __init__(self, most_objects: _Optional[int] = ...) -> None: ...

class MeasureSharingResponse(_message.Message):
    __slots__ = ("revision", "models", "versions", "separate_bytes", "distinct_bytes", "shared_objects", "objects")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    SEPARATE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISTINCT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHARED_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    models: int
    versions: int
    separate_bytes: int
    distinct_bytes: int
    shared_objects: int
    objects: _containers.RepeatedCompositeFieldContainer[SharedObject]
    def __init__(self, revision: _Optional[int] = ..., models: _Optional[int] = ..., versions: _Optional[int] = ..., separate_bytes: _Optional[int] = ..., distinct_bytes: _Optional[int] = ..., shared_objects: _Optional[int] = ..., objects: _Optional[_Iterable[_Union[SharedObject, _Mapping]]] = ...) -> None: ...

class SharedObject(_message.Message):
    __slots__ = ("digest", "models", "examples", "operator", "parameter")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    digest: _values_pb2.Digest
    models: int
    examples: _containers.RepeatedScalarFieldContainer[str]
    operator: str
    parameter: str
    def __init__(self, digest: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., models: _Optional[int] = ..., examples: _Optional[_Iterable[str]] = ..., operator: _Optional[str] = ..., parameter: _Optional[str] = ...) -> None: ...

class ListRelatedModelsRequest(_message.Message):
    __slots__ = ("model", "most")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    model: str
    most: int
    def __init__(self, model: _Optional[str] = ..., most: _Optional[int] = ...) -> None: ...

class ListRelatedModelsResponse(_message.Message):
    __slots__ = ("models", "total")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[RelatedModel]
    total: int
    def __init__(self, models: _Optional[_Iterable[_Union[RelatedModel, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class RelatedModel(_message.Message):
    __slots__ = ("model", "shared_bytes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SHARED_BYTES_FIELD_NUMBER: _ClassVar[int]
    model: str
    shared_bytes: int
    def __init__(self, model: _Optional[str] = ..., shared_bytes: _Optional[int] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("epoch", "revision", "workers", "total")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    revision: int
    workers: _containers.RepeatedCompositeFieldContainer[LiveWorker]
    total: int
    def __init__(self, epoch: _Optional[str] = ..., revision: _Optional[int] = ..., workers: _Optional[_Iterable[_Union[LiveWorker, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class LiveWorker(_message.Message):
    __slots__ = ("name", "address", "metrics", "epoch", "revision", "kernel_set", "resident_bytes", "held", "problems", "labels", "placed")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KERNEL_SET_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PLACED_FIELD_NUMBER: _ClassVar[int]
    name: str
    address: str
    metrics: str
    epoch: str
    revision: int
    kernel_set: str
    resident_bytes: int
    held: int
    problems: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, str]
    placed: int
    def __init__(self, name: _Optional[str] = ..., address: _Optional[str] = ..., metrics: _Optional[str] = ..., epoch: _Optional[str] = ..., revision: _Optional[int] = ..., kernel_set: _Optional[str] = ..., resident_bytes: _Optional[int] = ..., held: _Optional[int] = ..., problems: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., placed: _Optional[int] = ...) -> None: ...

class ListFailedVerificationsRequest(_message.Message):
    __slots__ = ("model", "most")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    model: str
    most: int
    def __init__(self, model: _Optional[str] = ..., most: _Optional[int] = ...) -> None: ...

class ListFailedVerificationsResponse(_message.Message):
    __slots__ = ("failures",)
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    failures: _containers.RepeatedCompositeFieldContainer[FailedVerification]
    def __init__(self, failures: _Optional[_Iterable[_Union[FailedVerification, _Mapping]]] = ...) -> None: ...

class FailedVerification(_message.Message):
    __slots__ = ("model", "at", "estimator", "problem")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    model: str
    at: float
    estimator: str
    problem: str
    def __init__(self, model: _Optional[str] = ..., at: _Optional[float] = ..., estimator: _Optional[str] = ..., problem: _Optional[str] = ...) -> None: ...
