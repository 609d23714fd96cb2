"""Messages of the protocol as JSON: names as in the messages, enumerations by name, and numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_json(message: Any) -> dict[str, Any]:
    """Return all fields of a message, those without a value too, except messages that are absent."""
    fields = {field.name: field for field in message.DESCRIPTOR.fields}
    return {
        name: _value(getattr(message, name), field)
        for name, field in fields.items()
        if not field.has_presence or message.HasField(name)
    }


def _value(value: Any, field: Any) -> Any:
    if isinstance(value, Mapping):
        inner = field.message_type.fields_by_name["value"]
        return {str(key): _one(item, inner) for key, item in value.items()}
    if field.is_repeated:
        return [_one(item, field) for item in value]
    return _one(value, field)


def _one(value: Any, field: Any) -> Any:
    if field.message_type is not None:
        return as_json(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return value
