"""Immutable objects by digest: one interface, and a store per scheme (see `opening.py`)."""

from pretzel.control_plane.store.directory import DirectoryStore
from pretzel.control_plane.store.interface import ObjectStore, Writer
from pretzel.control_plane.store.memory import MemoryStore
from pretzel.control_plane.store.parameters import ParameterCache

__all__ = ["DirectoryStore", "MemoryStore", "ObjectStore", "ParameterCache", "Writer"]
