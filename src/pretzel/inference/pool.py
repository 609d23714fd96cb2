"""The descriptors of the package ``inference``, in a pool of their own.

Triton's client registers messages of the same names in protobuf's default pool, from other files.  A pool rejects a
second definition of a name, so a process could not hold both.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default as default_pool
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message_factory import GetMessageClass


def _read() -> DescriptorPool:
    """Return a pool with the files that ``make proto`` wrote; a file comes after those it imports."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(files(__package__).joinpath("inference.binpb").read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = _read()


def names_of(path: str) -> dict[str, Any]:
    """Return what a generated module of this file would define: its messages, enumerations and descriptor."""
    file: FileDescriptor = POOL.FindFileByName(path)
    names: dict[str, Any] = {"DESCRIPTOR": file}
    names |= {name: _class_of(message) for name, message in file.message_types_by_name.items()}
    for name, enumeration in file.enum_types_by_name.items():
        names[name] = EnumTypeWrapper(enumeration)
        names |= {value.name: value.number for value in enumeration.values}
    return names


def _class_of(message: Descriptor) -> Any:
    """Return the class of a message; protobuf's Python implementation does not attach the classes nested in it."""
    made: Any = GetMessageClass(message)
    for name, nested in message.nested_types_by_name.items():
        if not hasattr(made, name):
            setattr(made, name, _class_of(nested))
    return made


class WithDefault:
    """These descriptors, those of further pools, then the default pool's, as the reflection service looks them up."""

    def __init__(self, *further: DescriptorPool) -> None:
        self._pools = (POOL, *further, default_pool())

    def FindFileByName(self, name: str) -> Any:
        """Return a file by its path."""
        return self._first("FindFileByName", name)

    def FindFileContainingSymbol(self, name: str) -> Any:
        """Return the file that defines a name."""
        return self._first("FindFileContainingSymbol", name)

    def FindMessageTypeByName(self, name: str) -> Any:
        """Return a message by its full name."""
        return self._first("FindMessageTypeByName", name)

    def FindExtensionByNumber(self, message: Any, number: int) -> Any:
        """Return an extension of a message."""
        return message.file.pool.FindExtensionByNumber(message, number)

    def FindAllExtensions(self, message: Any) -> Any:
        """Return all extensions of a message."""
        return message.file.pool.FindAllExtensions(message)

    def _first(self, method: str, name: str) -> Any:
        """Return what the first pool that knows a name has under it.

        Raises:
            KeyError: none knows it.
        """
        for pool in self._pools:
            with suppress(KeyError):
                return getattr(pool, method)(name)
        raise KeyError(name)
