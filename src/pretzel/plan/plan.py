"""Plans that workers run: lists of stages over typed slots, immutable and addressed by the digest of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.types import ValueType

INLINE_LIMIT = 1024
"""Parameters up to this many bytes are stored inside the plan."""


@dataclass(frozen=True, slots=True)
class PlanInput:
    """One column that a request must have; input i is slot i."""

    name: str
    type: ValueType


@dataclass(frozen=True)
class Stage:
    """One kernel over slots.  It writes the slot after those of the inputs and of the previous stages."""

    operator: str
    """The operator that the stage implements, for display."""
    kernel: str
    """The kernel that computes it, as the engine's registry names it."""
    attributes: Mapping[str, Any]
    """Values the kernel is built with in addition to its parameters; canonical values only."""
    parameters: Mapping[str, Digest]
    """Arrays the kernel is built with, including derived blobs."""
    inputs: tuple[int, ...]
    """Slots read, each smaller than the slot written."""
    type: ValueType
    """Type of the value written."""
    fingerprint: str
    """Identifies the value: equal fingerprints compute equal values from equal inputs, in any plan."""


@dataclass(frozen=True, slots=True)
class PlanOutput:
    """A named slot that clients may request; with ``labels`` the slot holds codes into that table."""

    name: str
    slot: int
    labels: Digest | None = None


@dataclass(frozen=True)
class Plan:
    """An immutable plan.  Slots 0..n-1 are the n inputs; stage i writes slot n+i."""

    kernel_set: str
    inputs: tuple[PlanInput, ...]
    stages: tuple[Stage, ...]
    outputs: tuple[PlanOutput, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    inline: Mapping[Digest, bytes] = field(default_factory=dict)
    """Blobs of the small parameters."""
    room: tuple[int, ...] = ()
    """Expected elements per row of each stage's value, if its type does not fix them: 0 if unknown; () if all are."""

    def __post_init__(self) -> None:
        """Reject references that do not point backwards."""
        for i, stage in enumerate(self.stages):
            slot = len(self.inputs) + i
            if not all(0 <= j < slot for j in stage.inputs):
                raise DefinitionError(
                    f"plan stage {i} ({stage.kernel}): reads slots {stage.inputs}, writes slot {slot}"
                )
        for output in self.outputs:
            if not 0 <= output.slot < len(self.inputs) + len(self.stages):
                raise DefinitionError(f"plan output {output.name!r}: slot {output.slot} does not exist")
        if self.room and len(self.room) != len(self.stages):
            raise DefinitionError(f"plan: {len(self.room)} sizes for {len(self.stages)} stages")

    @cached_property
    def encoded(self) -> bytes:
        """The canonical bytes, stored as an object."""
        sizes = {"room": list(self.room)} if self.room else {}
        return encode(
            sizes
            | {
                "kernel_set": self.kernel_set,
                "inputs": [[i.name, str(i.type)] for i in self.inputs],
                "stages": [_stage_tree(stage) for stage in self.stages],
                "outputs": [[o.name, o.slot, o.labels and str(o.labels)] for o in self.outputs],
                "metadata": dict(self.metadata),
                "inline": {str(digest): blob for digest, blob in self.inline.items()},
            }
        )

    @cached_property
    def digest(self) -> Digest:
        """The address of this plan."""
        return Digest.of(self.encoded)

    @property
    def objects(self) -> dict[Digest, None]:
        """Distinct digests of all parameters that are stored as separate objects, in the order of use."""
        used = [d for stage in self.stages for d in stage.parameters.values()]
        used += [o.labels for o in self.outputs if o.labels]
        return {digest: None for digest in used if digest not in self.inline}

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the distinct parameters, inline ones included."""
        return sum(d.size for d in self.objects) + sum(d.size for d in self.inline)

    def type_of(self, slot: int) -> ValueType:
        """Return the type of the value in a slot."""
        n = len(self.inputs)
        return self.inputs[slot].type if slot < n else self.stages[slot - n].type

    @classmethod
    def from_encoded(cls, data: bytes | memoryview) -> Plan:
        """Read what :attr:`encoded` wrote.

        Raises:
            CorruptObjectError: the bytes are not a plan, or an inline blob does not match its digest.
            DefinitionError: a reference or a type is illegal.
        """
        return cls.from_tree(decode(data))

    @classmethod
    def from_tree(cls, tree: Any) -> Plan:
        """Read the decoded form of :attr:`encoded`.

        Raises:
            CorruptObjectError, DefinitionError: as :meth:`from_encoded` does.
        """
        try:
            return cls(
                kernel_set=_text(tree["kernel_set"]),
                inputs=tuple(PlanInput(_text(name), ValueType.parse(kind)) for name, kind in tree["inputs"]),
                stages=tuple(_stage(item) for item in tree["stages"]),
                outputs=tuple(
                    PlanOutput(_text(n), _whole(slot), Digest.parse(d) if d else None) for n, slot, d in tree["outputs"]
                ),
                metadata=dict(tree["metadata"]),
                inline={_checked(Digest.parse(text), blob): blob for text, blob in tree["inline"].items()},
                room=tuple(map(_whole, tree.get("room", []))),
            )
        except DefinitionError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CorruptObjectError(f"plan: malformed: {error!r:.200}") from None


def input_fingerprint(name: str, kind: ValueType) -> str:
    """Return the fingerprint of an input column."""
    return hashlib.sha256(encode(["input", name, str(kind)])).hexdigest()


def stage_fingerprint(
    kernel: str,
    attributes: Mapping[str, Any],
    parameters: Mapping[str, Digest],
    inputs: list[str],
    kind: ValueType,
) -> str:
    """Return the fingerprint of a stage that writes a ``kind`` over inputs with these fingerprints."""
    named = {name: str(digest) for name, digest in parameters.items()}
    return hashlib.sha256(encode([kernel, dict(attributes), named, inputs, str(kind)])).hexdigest()


def _stage_tree(stage: Stage) -> dict[str, Any]:
    return {
        "operator": stage.operator,
        "kernel": stage.kernel,
        "attributes": dict(stage.attributes),
        "parameters": {name: str(digest) for name, digest in stage.parameters.items()},
        "inputs": list(stage.inputs),
        "type": str(stage.type),
        "fingerprint": stage.fingerprint,
    }


def _stage(tree: Any) -> Stage:
    return Stage(
        operator=_text(tree["operator"]),
        kernel=_text(tree["kernel"]),
        attributes=dict(tree["attributes"]),
        parameters={name: Digest.parse(text) for name, text in tree["parameters"].items()},
        inputs=tuple(map(_whole, tree["inputs"])),
        type=ValueType.parse(tree["type"]),
        fingerprint=_text(tree["fingerprint"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:  # True and 0.0 equal whole numbers, but are rejected
        raise ValueError(f"expected a whole number, got {value!r:.40}")
    return value


def _checked(digest: Digest, blob: bytes) -> Digest:
    if Digest.of(blob) != digest:
        raise CorruptObjectError(f"plan: inline blob does not match {digest}")
    return digest
