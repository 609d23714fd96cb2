from pretzel.v1 import figures_pb2 as _figures_pb2
from pretzel.v1 import model_pb2 as _model_pb2
from pretzel.v1 import shadow_pb2 as _shadow_pb2
from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchRequest(_message.Message):
    __slots__ = ("worker", "epoch", "revision", "kernel_set")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KERNEL_SET_FIELD_NUMBER: _ClassVar[int]
    worker: str
    epoch: str
    revision: int
    kernel_set: str
    def __init__(self, worker: _Optional[str] = ..., epoch: _Optional[str] = ..., revision: _Optional[int] = ..., kernel_set: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("epoch", "revision", "snapshot", "models", "deleted", "replaces")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    revision: int
    snapshot: bool
    models: _containers.RepeatedCompositeFieldContainer[_model_pb2.Model]
    deleted: _containers.RepeatedScalarFieldContainer[str]
    replaces: str
    def __init__(self, epoch: _Optional[str] = ..., revision: _Optional[int] = ..., snapshot: bool = ..., models: _Optional[_Iterable[_Union[_model_pb2.Model, _Mapping]]] = ..., deleted: _Optional[_Iterable[str]] = ..., replaces: _Optional[str] = ...) -> None: ...

class FetchObjectsRequest(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedCompositeFieldContainer[_values_pb2.Digest]
    def __init__(self, digests: _Optional[_Iterable[_Union[_values_pb2.Digest, _Mapping]]] = ...) -> None: ...

class FetchObjectsResponse(_message.Message):
    __slots__ = ("digest", "offset", "data")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    digest: _values_pb2.Digest
    offset: int
    data: bytes
    def __init__(self, digest: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class LocateObjectsRequest(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedCompositeFieldContainer[_values_pb2.Digest]
    def __init__(self, digests: _Optional[_Iterable[_Union[_values_pb2.Digest, _Mapping]]] = ...) -> None: ...

class LocateObjectsResponse(_message.Message):
    __slots__ = ("locations",)
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    locations: _containers.RepeatedCompositeFieldContainer[ObjectLocation]
    def __init__(self, locations: _Optional[_Iterable[_Union[ObjectLocation, _Mapping]]] = ...) -> None: ...

class ObjectLocation(_message.Message):
    __slots__ = ("digest", "url")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    digest: _values_pb2.Digest
    url: str
    def __init__(self, digest: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., url: _Optional[str] = ...) -> None: ...

class ReportRequest(_message.Message):
    __slots__ = ("worker", "epoch", "revision", "kernel_set", "address", "resident_bytes", "leaving", "held", "problems", "metrics", "figures", "labels", "placement", "shadows")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WORKER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KERNEL_SET_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    LEAVING_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    SHADOWS_FIELD_NUMBER: _ClassVar[int]
    worker: str
    epoch: str
    revision: int
    kernel_set: str
    address: str
    resident_bytes: int
    leaving: bool
    held: _containers.RepeatedCompositeFieldContainer[HeldModel]
    problems: _containers.RepeatedScalarFieldContainer[str]
    metrics: str
    figures: _figures_pb2.Figures
    labels: _containers.ScalarMap[str, str]
    placement: str
    shadows: _shadow_pb2.ShadowReport
    def __init__(self, worker: _Optional[str] = ..., epoch: _Optional[str] = ..., revision: _Optional[int] = ..., kernel_set: _Optional[str] = ..., address: _Optional[str] = ..., resident_bytes: _Optional[int] = ..., leaving: bool = ..., held: _Optional[_Iterable[_Union[HeldModel, _Mapping]]] = ..., problems: _Optional[_Iterable[str]] = ..., metrics: _Optional[str] = ..., figures: _Optional[_Union[_figures_pb2.Figures, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., placement: _Optional[str] = ..., shadows: _Optional[_Union[_shadow_pb2.ShadowReport, _Mapping]] = ...) -> None: ...

class HeldModel(_message.Message):
    __slots__ = ("model", "reason")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    model: str
    reason: str
    def __init__(self, model: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("interval_seconds", "placement")
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    interval_seconds: float
    placement: Placement
    def __init__(self, interval_seconds: _Optional[float] = ..., placement: _Optional[_Union[Placement, _Mapping]] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("mark", "warm", "pinned")
    MARK_FIELD_NUMBER: _ClassVar[int]
    WARM_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    mark: str
    warm: _containers.RepeatedScalarFieldContainer[str]
    pinned: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, mark: _Optional[str] = ..., warm: _Optional[_Iterable[str]] = ..., pinned: _Optional[_Iterable[str]] = ...) -> None: ...
