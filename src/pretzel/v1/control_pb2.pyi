from pretzel.v1 import model_pb2 as _model_pb2
from pretzel.v1 import plan_pb2 as _plan_pb2
from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FindMissingObjectsRequest(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedCompositeFieldContainer[_values_pb2.Digest]
    def __init__(self, digests: _Optional[_Iterable[_Union[_values_pb2.Digest, _Mapping]]] = ...) -> None: ...

class FindMissingObjectsResponse(_message.Message):
    __slots__ = ("missing", "lease_seconds")
    MISSING_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    missing: _containers.RepeatedCompositeFieldContainer[_values_pb2.Digest]
    lease_seconds: float
    def __init__(self, missing: _Optional[_Iterable[_Union[_values_pb2.Digest, _Mapping]]] = ..., lease_seconds: _Optional[float] = ...) -> None: ...

class UploadObjectsRequest(_message.Message):
    __slots__ = ("digest", "offset", "data")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    digest: _values_pb2.Digest
    offset: int
    data: bytes
    def __init__(self, digest: _Optional[_Union[_values_pb2.Digest, _Mapping]] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class UploadObjectsResponse(_message.Message):
    __slots__ = ("stored_objects", "stored_bytes")
    STORED_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    STORED_BYTES_FIELD_NUMBER: _ClassVar[int]
    stored_objects: int
    stored_bytes: int
    def __init__(self, stored_objects: _Optional[int] = ..., stored_bytes: _Optional[int] = ...) -> None: ...

class Terms(_message.Message):
    __slots__ = ("if_version", "if_edition", "override_freeze")
    IF_VERSION_FIELD_NUMBER: _ClassVar[int]
    IF_EDITION_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_FREEZE_FIELD_NUMBER: _ClassVar[int]
    if_version: int
    if_edition: int
    override_freeze: bool
    def __init__(self, if_version: _Optional[int] = ..., if_edition: _Optional[int] = ..., override_freeze: bool = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("inputs", "outputs", "rows", "total_rows")
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ROWS_FIELD_NUMBER: _ClassVar[int]
    inputs: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    outputs: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    rows: _containers.RepeatedScalarFieldContainer[int]
    total_rows: int
    def __init__(self, inputs: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ..., rows: _Optional[_Iterable[int]] = ..., total_rows: _Optional[int] = ...) -> None: ...

class Tolerance(_message.Message):
    __slots__ = ("relative", "absolute")
    RELATIVE_FIELD_NUMBER: _ClassVar[int]
    ABSOLUTE_FIELD_NUMBER: _ClassVar[int]
    relative: float
    absolute: float
    def __init__(self, relative: _Optional[float] = ..., absolute: _Optional[float] = ...) -> None: ...

class DeployModelRequest(_message.Message):
    __slots__ = ("model", "definition", "sample", "tolerance", "alias", "wait", "options", "labels", "owner", "note", "version_labels", "deployment_id", "terms")
    class OptionsEntry(_message.Message):
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
    class VersionLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    VERSION_LABELS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    definition: _plan_pb2.Definition
    sample: Sample
    tolerance: Tolerance
    alias: str
    wait: bool
    options: _containers.MessageMap[str, _values_pb2.Attribute]
    labels: _containers.ScalarMap[str, str]
    owner: str
    note: str
    version_labels: _containers.ScalarMap[str, str]
    deployment_id: str
    terms: Terms
    def __init__(self, model: _Optional[str] = ..., definition: _Optional[_Union[_plan_pb2.Definition, _Mapping]] = ..., sample: _Optional[_Union[Sample, _Mapping]] = ..., tolerance: _Optional[_Union[Tolerance, _Mapping]] = ..., alias: _Optional[str] = ..., wait: bool = ..., options: _Optional[_Mapping[str, _values_pb2.Attribute]] = ..., labels: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., note: _Optional[str] = ..., version_labels: _Optional[_Mapping[str, str]] = ..., deployment_id: _Optional[str] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ...) -> None: ...

class DeployModelResponse(_message.Message):
    __slots__ = ("progress", "version", "dropped")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    progress: str
    version: _model_pb2.ModelVersion
    dropped: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, progress: _Optional[str] = ..., version: _Optional[_Union[_model_pb2.ModelVersion, _Mapping]] = ..., dropped: _Optional[_Iterable[int]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("prefix", "page_size", "page_token", "selection")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    page_size: int
    page_token: str
    selection: Selection
    def __init__(self, prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., selection: _Optional[_Union[Selection, _Mapping]] = ...) -> None: ...

class Selection(_message.Message):
    __slots__ = ("labels", "owner", "text", "versions")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    labels: str
    owner: str
    text: str
    versions: bool
    def __init__(self, labels: _Optional[str] = ..., owner: _Optional[str] = ..., text: _Optional[str] = ..., versions: bool = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "held", "next_page_token")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_model_pb2.Model]
    held: _containers.RepeatedCompositeFieldContainer[HeldBack]
    next_page_token: str
    def __init__(self, models: _Optional[_Iterable[_Union[_model_pb2.Model, _Mapping]]] = ..., held: _Optional[_Iterable[_Union[HeldBack, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class HeldBack(_message.Message):
    __slots__ = ("model", "worker", "reason")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    model: str
    worker: str
    reason: str
    def __init__(self, model: _Optional[str] = ..., worker: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DescribeVersionRequest(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: str
    def __init__(self, model: _Optional[str] = ...) -> None: ...

class DescribeVersionResponse(_message.Message):
    __slots__ = ("description", "plan")
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    description: _model_pb2.ModelDescription
    plan: _plan_pb2.Plan
    def __init__(self, description: _Optional[_Union[_model_pb2.ModelDescription, _Mapping]] = ..., plan: _Optional[_Union[_plan_pb2.Plan, _Mapping]] = ...) -> None: ...

class ExplainModelRequest(_message.Message):
    __slots__ = ("model", "format", "verbose", "width")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    VERBOSE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    model: str
    format: str
    verbose: bool
    width: int
    def __init__(self, model: _Optional[str] = ..., format: _Optional[str] = ..., verbose: bool = ..., width: _Optional[int] = ...) -> None: ...

class ExplainModelResponse(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class SetAliasRequest(_message.Message):
    __slots__ = ("model", "alias", "version", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    version: int
    terms: Terms
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ...) -> None: ...

class SetAliasResponse(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ...) -> None: ...

class DeleteModelRequest(_message.Message):
    __slots__ = ("model", "force", "terms")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    force: bool
    terms: Terms
    def __init__(self, model: _Optional[str] = ..., force: bool = ..., terms: _Optional[_Union[Terms, _Mapping]] = ...) -> None: ...

class DeleteModelResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetLabelsRequest(_message.Message):
    __slots__ = ("model", "set", "remove", "owner", "note", "terms")
    class SetEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    model: str
    set: _containers.ScalarMap[str, str]
    remove: _containers.RepeatedScalarFieldContainer[str]
    owner: str
    note: str
    terms: Terms
    def __init__(self, model: _Optional[str] = ..., set: _Optional[_Mapping[str, str]] = ..., remove: _Optional[_Iterable[str]] = ..., owner: _Optional[str] = ..., note: _Optional[str] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ...) -> None: ...

class SetLabelsResponse(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ...) -> None: ...

class DeleteModelsRequest(_message.Message):
    __slots__ = ("prefix", "selection", "dry_run", "expected", "terms")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    selection: Selection
    dry_run: bool
    expected: _containers.RepeatedScalarFieldContainer[str]
    terms: Terms
    def __init__(self, prefix: _Optional[str] = ..., selection: _Optional[_Union[Selection, _Mapping]] = ..., dry_run: bool = ..., expected: _Optional[_Iterable[str]] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ...) -> None: ...

class DeleteModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[str]] = ...) -> None: ...

class CollectGarbageRequest(_message.Message):
    __slots__ = ("dry_run",)
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    def __init__(self, dry_run: bool = ...) -> None: ...

class CollectGarbageResponse(_message.Message):
    __slots__ = ("objects", "bytes")
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    objects: int
    bytes: int
    def __init__(self, objects: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class CheckStoreRequest(_message.Message):
    __slots__ = ("repair",)
    REPAIR_FIELD_NUMBER: _ClassVar[int]
    repair: bool
    def __init__(self, repair: bool = ...) -> None: ...

class CheckStoreResponse(_message.Message):
    __slots__ = ("finding", "checked")
    FINDING_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    finding: Finding
    checked: CheckedStore
    def __init__(self, finding: _Optional[_Union[Finding, _Mapping]] = ..., checked: _Optional[_Union[CheckedStore, _Mapping]] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("path", "problem", "remedy", "repaired")
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    path: str
    problem: str
    remedy: str
    repaired: bool
    def __init__(self, path: _Optional[str] = ..., problem: _Optional[str] = ..., remedy: _Optional[str] = ..., repaired: bool = ...) -> None: ...

class CheckedStore(_message.Message):
    __slots__ = ("objects", "bytes", "findings")
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    objects: int
    bytes: int
    findings: int
    def __init__(self, objects: _Optional[int] = ..., bytes: _Optional[int] = ..., findings: _Optional[int] = ...) -> None: ...
