"""From the results of a program to the bytes of a response, on the thread that ran the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.data_plane.oip.classification import Contents, classified
from pretzel.data_plane.oip.datatypes import BYTES, DATATYPES, is_numeric
from pretzel.data_plane.oip.encoding import encoded_labels, encoded_texts, labels_bytes
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.parameters import Placement
from pretzel.data_plane.oip.shared_memory import Region
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.scheduling.memory import too_large
from pretzel.data_plane.transport.parts import Part, delimited
from pretzel.inference import service_pb2 as pb
from pretzel.kernels.joining import joined
from pretzel.plan.values import Csr, Labels, Texts

_RAW = pb.ModelInferResponse.DESCRIPTOR.fields_by_name["raw_output_contents"].number
_ANSWER = pb.ModelStreamInferResponse.DESCRIPTOR.fields_by_name["infer_response"].number


@dataclass(frozen=True, slots=True)
class Requested:
    """One requested output."""

    name: str
    classes: int = 0
    """Classes to return for each row, best first; 0 for the values themselves."""
    place: Placement | None = None
    region: Region | None = None
    """The region to write to; None if the bytes belong into the message."""


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs results into a response; one that is too large is rejected before it is copied."""

    signature: Signature
    request_id: str
    requested: Mapping[str, Requested]
    most_bytes: int
    final: bool = False
    """Mark the response as the last one of its request, as streams do."""

    def __call__(self, results: Mapping[str, Any]) -> bytes:
        """Return the response with these outputs.

        Raises:
            ExhaustedError: the response exceeds the largest message.
            InputError: an output does not fit its part of shared memory, or has no classes.
            UnsupportedError: a text is missing, which BYTES cannot express.
        """
        version = self.signature.version
        head = pb.ModelInferResponse(model_name=version.model, model_version=str(version.version), id=self.request_id)
        if self.final:
            head.parameters["triton_final_response"].bool_param = True
        self._check_size(results)
        raw: list[list[Part]] = [self._packed(head, name, value) for name, value in results.items()]
        parts = [head.SerializeToString(), *(part for field in raw for part in delimited(_RAW, field))]
        size = sum(part.nbytes if isinstance(part, np.ndarray) else len(part) for part in parts)
        if size > self.most_bytes:
            raise too_large(size, self.most_bytes)
        return joined(parts)

    def _check_size(self, results: Mapping[str, Any]) -> None:
        """Reject results that become too large as tensors, before those are made."""
        size = sum(map(_grown, results.values()))
        if size > self.most_bytes:
            raise too_large(size, self.most_bytes)

    def _packed(self, head: pb.ModelInferResponse, name: str, value: Any) -> list[Part]:
        wanted = self.requested.get(name) or Requested(name)
        if wanted.classes:
            datatype, shape, part = classified(name, value, self.signature, wanted.classes)
        else:
            datatype, shape, part = _contents(name, value)
        output = head.outputs.add(name=name, datatype=datatype, shape=shape)
        if wanted.region is None or wanted.place is None:
            return [part]
        _store(wanted.region, wanted.place, part, output)
        return []


def streamed(answer: bytes) -> bytes:
    """Return a response as a message of a stream."""
    return joined(delimited(_ANSWER, [answer]))


def _grown(value: Any) -> int:
    """Return the bytes of a tensor that may take many times the bytes of its result."""
    if isinstance(value, Csr):
        return len(value) * value.width * value.data.itemsize
    return labels_bytes(value) if isinstance(value, Labels) else 0


def _contents(name: str, value: Any) -> Contents:
    """Return the datatype, the shape and the contents of an output; one value per row is a column of width 1."""
    if isinstance(value, Labels):
        if not is_numeric(value.labels):
            return BYTES, (len(value), 1), encoded_labels(value)
        value = np.asarray(value.labels)[value.codes]
    if isinstance(value, Texts):
        return BYTES, (len(value), value.width or 1), encoded_texts(name, value)
    dense: np.ndarray = np.ascontiguousarray(value.dense() if isinstance(value, Csr) else value)
    return DATATYPES[dense.dtype], dense.shape if dense.ndim == 2 else (len(dense), 1), dense


def _store(region: Region, place: Placement, part: Part, output: Any) -> None:
    size = part.nbytes if isinstance(part, np.ndarray) else len(part)
    if size > place.size:
        problem = f"shared memory size specified with the request for output {quoted(output.name)} ({place.size} bytes)"
        raise wrong(output.name, f"{problem} should be at least {size} bytes to hold the results")
    region.write(place, part)
    output.parameters["shared_memory_region"].string_param = place.region
    output.parameters["shared_memory_byte_size"].int64_param = size
    if place.offset:
        output.parameters["shared_memory_offset"].int64_param = place.offset
