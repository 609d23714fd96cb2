"""Convert digests and attributes (null, booleans, numbers, text, bytes, lists, maps) to and from messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pretzel.errors import DefinitionError, InputError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import MAX_DEPTH
from pretzel.plan.texts import sendable
from pretzel.v1 import values_pb2 as pb


def digest_to_proto(digest: Digest) -> pb.Digest:
    """Return the message of a digest."""
    return pb.Digest(hex=digest.hex, size=digest.size)


def digest_from_proto(message: pb.Digest) -> Digest:
    """Return the digest of a message.

    Raises:
        DefinitionError: it is not a SHA-256 in lower-case hex, or its size is negative.
    """
    return Digest.parse(f"sha256:{message.hex}/{message.size}")


def attributes_to_proto(values: Mapping[str, Any]) -> dict[str, pb.Attribute]:
    """Return a map of attributes, for a message's constructor.

    Raises:
        DefinitionError: a message cannot hold a name or a value.
    """
    return {_name(name): attribute_to_proto(value) for name, value in values.items()}


def attributes_from_proto(messages: Mapping[str, pb.Attribute]) -> dict[str, Any]:
    """Return a map of plain values; lists come back as lists."""
    return {name: attribute_from_proto(message) for name, message in messages.items()}


def attribute_to_proto(value: Any) -> pb.Attribute:
    """Return the message of one plain value.

    Raises:
        DefinitionError: a message cannot hold the value.
    """
    try:
        return _attribute(value, 0)
    except (ValueError, TypeError) as error:
        raise DefinitionError(f"attribute {value!r:.80}: cannot be sent ({error})") from None


def attribute_from_proto(message: pb.Attribute, depth: int = 0) -> Any:
    """Return the plain value of a message.

    Raises:
        DefinitionError: it holds no value known to this version, or is nested too deeply.
    """
    kind = message.WhichOneof("value")
    if kind is None or depth > MAX_DEPTH:
        raise DefinitionError("attribute: no value" if kind is None else f"attribute: deeper than {MAX_DEPTH}")
    if kind == "null":
        return None
    if kind == "list":
        return [attribute_from_proto(item, depth + 1) for item in message.list.items]
    if kind == "map":
        return {name: attribute_from_proto(item, depth + 1) for name, item in message.map.items.items()}
    return getattr(message, kind)


def _name(name: str) -> str:
    try:
        return sendable("attribute", name)
    except InputError as error:
        raise DefinitionError(str(error)) from None


def _attribute(value: Any, depth: int) -> pb.Attribute:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    match value:
        case None:
            return pb.Attribute(null=True)
        case bool():
            return pb.Attribute(boolean=value)
        case int():
            return pb.Attribute(integer=value)
        case float():
            return pb.Attribute(real=value)
        case str():
            return pb.Attribute(text=value)
        case bytes() | bytearray() | memoryview():
            return pb.Attribute(binary=bytes(value))
        case Mapping():
            items = {str(name): _attribute(item, depth + 1) for name, item in value.items()}
            return pb.Attribute(map=pb.AttributeMap(items=items))
        case list() | tuple():
            return pb.Attribute(list=pb.AttributeList(items=[_attribute(item, depth + 1) for item in value]))
    raise TypeError(f"{type(value).__name__} is not a plain value")
