from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Bins(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BINS_UNSPECIFIED: _ClassVar[Bins]
    BINS_UNIT: _ClassVar[Bins]
    BINS_SIGNED_LOG: _ClassVar[Bins]
BINS_UNSPECIFIED: Bins
BINS_UNIT: Bins
BINS_SIGNED_LOG: Bins

class ShadowFigures(_message.Message):
    __slots__ = ("model", "alias", "version", "id", "against", "calls", "dropped", "failures", "last_failure", "rows", "disagreeing", "outputs", "examples")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    AGAINST_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    LAST_FAILURE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    DISAGREEING_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    version: int
    id: int
    against: int
    calls: int
    dropped: int
    failures: int
    last_failure: str
    rows: int
    disagreeing: int
    outputs: _containers.RepeatedCompositeFieldContainer[OutputFigures]
    examples: _containers.RepeatedCompositeFieldContainer[ShadowExample]
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., id: _Optional[int] = ..., against: _Optional[int] = ..., calls: _Optional[int] = ..., dropped: _Optional[int] = ..., failures: _Optional[int] = ..., last_failure: _Optional[str] = ..., rows: _Optional[int] = ..., disagreeing: _Optional[int] = ..., outputs: _Optional[_Iterable[_Union[OutputFigures, _Mapping]]] = ..., examples: _Optional[_Iterable[_Union[ShadowExample, _Mapping]]] = ...) -> None: ...

class OutputFigures(_message.Message):
    __slots__ = ("name", "rows", "disagreeing", "largest_difference", "only_given", "only_shadow", "distributions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    DISAGREEING_FIELD_NUMBER: _ClassVar[int]
    LARGEST_DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    ONLY_GIVEN_FIELD_NUMBER: _ClassVar[int]
    ONLY_SHADOW_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    rows: int
    disagreeing: int
    largest_difference: float
    only_given: int
    only_shadow: int
    distributions: _containers.RepeatedCompositeFieldContainer[Distribution]
    def __init__(self, name: _Optional[str] = ..., rows: _Optional[int] = ..., disagreeing: _Optional[int] = ..., largest_difference: _Optional[float] = ..., only_given: _Optional[int] = ..., only_shadow: _Optional[int] = ..., distributions: _Optional[_Iterable[_Union[Distribution, _Mapping]]] = ...) -> None: ...

class Distribution(_message.Message):
    __slots__ = ("bins", "given", "shadow")
    BINS_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    SHADOW_FIELD_NUMBER: _ClassVar[int]
    bins: Bins
    given: _containers.RepeatedScalarFieldContainer[int]
    shadow: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, bins: _Optional[_Union[Bins, str]] = ..., given: _Optional[_Iterable[int]] = ..., shadow: _Optional[_Iterable[int]] = ...) -> None: ...

class ShadowExample(_message.Message):
    __slots__ = ("output", "row", "got", "want", "inputs")
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    GOT_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    output: str
    row: int
    got: str
    want: str
    inputs: str
    def __init__(self, output: _Optional[str] = ..., row: _Optional[int] = ..., got: _Optional[str] = ..., want: _Optional[str] = ..., inputs: _Optional[str] = ...) -> None: ...

class ShadowReport(_message.Message):
    __slots__ = ("source", "figures")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    source: str
    figures: _containers.RepeatedCompositeFieldContainer[ShadowFigures]
    def __init__(self, source: _Optional[str] = ..., figures: _Optional[_Iterable[_Union[ShadowFigures, _Mapping]]] = ...) -> None: ...
