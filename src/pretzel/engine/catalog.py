"""The stage catalog, which builds each kernel once and shares it among all plans of a process."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from pretzel.engine.bindings import KERNELS
from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Stage
from pretzel.plan.types import ValueType

Fetch = Callable[[Digest], bytes | memoryview]
Key = tuple[str, str, tuple[tuple[str, str], ...], tuple[ValueType, ...], ValueType]

MOST_WRITTEN = 256
"""Characters of attributes that are kept as they are; of more, their hash is."""


class StageCatalog:
    """Kernels by their build inputs; a kernel is freed with the last plan that uses it."""

    def __init__(self, stages: Any = None) -> None:
        """Create an empty catalog; ``stages`` opens Python stages (:class:`pretzel.engine.hops.Stages`)."""
        self.stages = stages
        self._kernels: weakref.WeakValueDictionary[Key, Any] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of live kernels."""
        return len(self._kernels)

    def clear(self) -> None:
        """Forget all kernels: plans loaded later build new ones; loaded plans keep theirs."""
        with self._lock:
            self._kernels = weakref.WeakValueDictionary()

    def kernel(self, stage: Stage, inputs: tuple[ValueType, ...], fetch: Fetch) -> Any:
        """Return the kernel of a stage over inputs of these types, built now unless another plan has it.

        Raises:
            DefinitionError: the kernel does not exist in this version, or rejects its attributes or parameters.
            CorruptObjectError: a parameter does not match the kernel's layout.
        """
        key = _key(stage, inputs)
        with self._lock:
            existing = self._kernels.get(key)
        if existing is not None:
            return existing
        kernel = build(stage, inputs, {name: Parameter(fetch(d), d) for name, d in stage.parameters.items()})
        with self._lock:
            return self._kernels.setdefault(key, kernel)


def _key(stage: Stage, inputs: tuple[ValueType, ...]) -> Key:
    """Return what decides how a kernel is built; attributes as they are written, because ``True == 1 == 1.0``."""
    attributes = repr(sorted(stage.attributes.items())) if stage.attributes else ""
    if len(attributes) > MOST_WRITTEN:
        attributes = hashlib.sha256(attributes.encode()).hexdigest()
    parameters = tuple(sorted((name, digest.hex) for name, digest in stage.parameters.items()))
    return stage.kernel, attributes, parameters, inputs, stage.type


def build(stage: Stage, inputs: tuple[ValueType, ...], parameters: Mapping[str, Parameter]) -> Any:
    """Build the kernel of a stage; raises as :meth:`StageCatalog.kernel` does."""
    binding = KERNELS.get(stage.kernel)
    if binding is None:
        raise DefinitionError(f"kernel {stage.kernel!r} is unknown here; the plan was compiled for newer kernels")
    if not inputs:  # kernels read the type of the first before they count them
        raise DefinitionError(f"kernel {stage.kernel}: cannot be built: it reads nothing")
    values = {name: p if p.dtype == "str" else p.array for name, p in parameters.items()}
    try:
        return binding.implementation(inputs, stage.type, **stage.attributes, **values)
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        if isinstance(error, CorruptObjectError):
            raise
        raise DefinitionError(f"kernel {stage.kernel}: cannot be built: {error}") from error
