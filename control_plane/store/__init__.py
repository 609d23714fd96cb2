"""Immutable objects by digest: one interface, with a directory of files and an in-memory implementation."""

from pretzel.control_plane.store.directory import DirectoryStore
from pretzel.control_plane.store.interface import ObjectStore, Writer
from pretzel.control_plane.store.memory import MemoryStore
from pretzel.control_plane.store.parameters import ParameterCache

__all__ = ["DirectoryStore", "MemoryStore", "ObjectStore", "ParameterCache", "Writer"]
