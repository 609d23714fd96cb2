from google.protobuf import duration_pb2 as _duration_pb2
from pretzel.v1 import model_pb2 as _model_pb2
from pretzel.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PredictRequest(_message.Message):
    __slots__ = ("model", "columns", "outputs")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    model: str
    columns: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    outputs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ..., outputs: _Optional[_Iterable[str]] = ...) -> None: ...

class PredictResponse(_message.Message):
    __slots__ = ("model", "version", "columns")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: int
    columns: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    def __init__(self, model: _Optional[str] = ..., version: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ...) -> None: ...

class CallError(_message.Message):
    __slots__ = ("code", "message", "retry_delay")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    retry_delay: _duration_pb2.Duration
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., retry_delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class PredictStreamRequest(_message.Message):
    __slots__ = ("id", "request")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    id: int
    request: PredictRequest
    def __init__(self, id: _Optional[int] = ..., request: _Optional[_Union[PredictRequest, _Mapping]] = ...) -> None: ...

class PredictStreamResponse(_message.Message):
    __slots__ = ("id", "response", "error")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    id: int
    response: PredictResponse
    error: CallError
    def __init__(self, id: _Optional[int] = ..., response: _Optional[_Union[PredictResponse, _Mapping]] = ..., error: _Optional[_Union[CallError, _Mapping]] = ...) -> None: ...

class PredictManyRequest(_message.Message):
    __slots__ = ("models", "columns", "outputs", "matrix")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    outputs: _containers.RepeatedScalarFieldContainer[str]
    matrix: bool
    def __init__(self, models: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ..., outputs: _Optional[_Iterable[str]] = ..., matrix: bool = ...) -> None: ...

class PredictManyResponse(_message.Message):
    __slots__ = ("results", "blocks")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ModelResult]
    blocks: _containers.RepeatedCompositeFieldContainer[ModelBlock]
    def __init__(self, results: _Optional[_Iterable[_Union[ModelResult, _Mapping]]] = ..., blocks: _Optional[_Iterable[_Union[ModelBlock, _Mapping]]] = ...) -> None: ...

class ModelBlock(_message.Message):
    __slots__ = ("models", "versions", "columns")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedScalarFieldContainer[int]
    versions: _containers.RepeatedScalarFieldContainer[int]
    columns: _containers.RepeatedCompositeFieldContainer[_values_pb2.Column]
    def __init__(self, models: _Optional[_Iterable[int]] = ..., versions: _Optional[_Iterable[int]] = ..., columns: _Optional[_Iterable[_Union[_values_pb2.Column, _Mapping]]] = ...) -> None: ...

class ModelResult(_message.Message):
    __slots__ = ("response", "error")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    response: PredictResponse
    error: CallError
    def __init__(self, response: _Optional[_Union[PredictResponse, _Mapping]] = ..., error: _Optional[_Union[CallError, _Mapping]] = ...) -> None: ...

class DescribeModelRequest(_message.Message):
    __slots__ = ("model",)
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: str
    def __init__(self, model: _Optional[str] = ...) -> None: ...

class DescribeModelResponse(_message.Message):
    __slots__ = ("description",)
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    description: _model_pb2.ModelDescription
    def __init__(self, description: _Optional[_Union[_model_pb2.ModelDescription, _Mapping]] = ...) -> None: ...
