from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Digest(_message.Message):
    __slots__ = ("hex", "size")
    HEX_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    hex: str
    size: int
    def __init__(self, hex: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class Attribute(_message.Message):
    __slots__ = ("null", "boolean", "integer", "real", "text", "binary", "list", "map")
    NULL_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REAL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BINARY_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    MAP_FIELD_NUMBER: _ClassVar[int]
    null: bool
    boolean: bool
    integer: int
    real: float
    text: str
    binary: bytes
    list: AttributeList
    map: AttributeMap
    def __init__(self, null: bool = ..., boolean: bool = ..., integer: _Optional[int] = ..., real: _Optional[float] = ..., text: _Optional[str] = ..., binary: _Optional[bytes] = ..., list: _Optional[_Union[AttributeList, _Mapping]] = ..., map: _Optional[_Union[AttributeMap, _Mapping]] = ...) -> None: ...

class AttributeList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Attribute]
    def __init__(self, items: _Optional[_Iterable[_Union[Attribute, _Mapping]]] = ...) -> None: ...

class AttributeMap(_message.Message):
    __slots__ = ("items",)
    class ItemsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Attribute
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Attribute, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.MessageMap[str, Attribute]
    def __init__(self, items: _Optional[_Mapping[str, Attribute]] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "type", "rows", "data", "lengths", "missing", "indices", "starts", "labels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    INDICES_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    rows: int
    data: bytes
    lengths: bytes
    missing: bytes
    indices: bytes
    starts: bytes
    labels: Column
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., rows: _Optional[int] = ..., data: _Optional[bytes] = ..., lengths: _Optional[bytes] = ..., missing: _Optional[bytes] = ..., indices: _Optional[bytes] = ..., starts: _Optional[bytes] = ..., labels: _Optional[_Union[Column, _Mapping]] = ...) -> None: ...
