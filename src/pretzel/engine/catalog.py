"""The stage catalog: each kernel is built once and shared by all plans of a process that use it."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from pretzel.engine.bindings import KERNELS
from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Stage
from pretzel.plan.types import ValueType

Fetch = Callable[[Digest], bytes | memoryview]


class StageCatalog:
    """Kernels by what they are built from; a kernel goes when the last plan that holds it goes."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kernels: weakref.WeakValueDictionary[bytes, Any] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many kernels are alive."""
        return len(self._kernels)

    def clear(self) -> None:
        """Build every kernel anew for plans that are loaded from now on; those loaded before keep theirs."""
        with self._lock:
            self._kernels = weakref.WeakValueDictionary()

    def kernel(self, stage: Stage, inputs: tuple[ValueType, ...], fetch: Fetch) -> Any:
        """Return the kernel of a stage over inputs of those types, built now if no other plan has it.

        Raises:
            DefinitionError: the kernel does not exist here, or refuses its attributes or parameters.
            CorruptObjectError: a parameter is not what the kernel's layout says.
        """
        key = _key(stage, inputs)
        with self._lock:
            known = self._kernels.get(key)
        if known is not None:
            return known
        made = _build(stage, inputs, {name: Parameter(fetch(d), d) for name, d in stage.parameters.items()})
        with self._lock:
            return self._kernels.setdefault(key, made)


def _key(stage: Stage, inputs: tuple[ValueType, ...]) -> bytes:
    parameters = {name: str(digest) for name, digest in stage.parameters.items()}
    types = [str(t) for t in (*inputs, stage.type)]
    return hashlib.sha256(encode([stage.kernel, dict(stage.attributes), parameters, types])).digest()


def _build(stage: Stage, inputs: tuple[ValueType, ...], parameters: Mapping[str, Parameter]) -> Any:
    binding = KERNELS.get(stage.kernel)
    if binding is None:
        raise DefinitionError(f"kernel {stage.kernel!r} is unknown here; the plan was compiled for newer kernels")
    if not inputs:  # kernels look at the first before they count them
        raise DefinitionError(f"kernel {stage.kernel}: cannot be built: it reads nothing")
    values = {name: p if p.dtype == "str" else p.array for name, p in parameters.items()}
    try:
        return binding.implementation(inputs, stage.type, **stage.attributes, **values)
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        if isinstance(error, CorruptObjectError):
            raise
        raise DefinitionError(f"kernel {stage.kernel}: cannot be built: {error}") from error
