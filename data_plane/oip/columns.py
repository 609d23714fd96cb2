"""From the tensors of a request to the columns of a program.

A model fitted on an array takes one matrix; a model fitted on a table takes a tensor per column.  Where all columns are
numbers, each takes the other form as well: the matrix is cut into columns, and columns are joined into the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.data_plane.oip.datatypes import BYTES, converted
from pretzel.data_plane.oip.faults import quoted, wrong, wrong_datatype, wrong_shape
from pretzel.data_plane.oip.signature import MATRIX, Signature, Spec
from pretzel.data_plane.oip.tensors import Tensor
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Ragged, Texts
from pretzel.plan.wire import Value

Tensors = Mapping[str, Tensor]


def columns_of(tensors: Tensors, signature: Signature) -> dict[str, Value]:
    """Return the columns of a program by name.

    Raises:
        InputError: a tensor is unknown, or its shape or an element does not fit.
    """
    _check_rows(tensors, signature)
    if tensors.keys() <= signature.inputs.keys():
        return {name: _column(tensor, signature.inputs[name], signature) for name, tensor in tensors.items()}
    if signature.columns and tensors.keys() == {MATRIX}:
        return _cut(tensors[MATRIX], signature)
    if tensors.keys() <= {column.name for column in signature.columns}:
        return _joined(tensors, signature)
    raise _unknown(tensors, signature)


def _check_rows(tensors: Tensors, signature: Signature) -> None:
    rows = {name: tensor.rows for name, tensor in tensors.items()}
    if len(set(rows.values())) > 1:
        first = next(iter(rows))
        other = next(name for name in rows if rows[name] != rows[first])
        problem = f"input {quoted(other)} for model {quoted(signature.model)}: batch size {rows[other]}, "
        raise wrong(other, f"{problem}but input {quoted(first)} has {rows[first]}")


def _column(tensor: Tensor, spec: Spec, signature: Signature) -> Value:
    shape = tensor.shape if len(tensor.shape) > 1 else (tensor.rows, 1)
    if len(shape) != 2 or (spec.type.layout != "ragged" and shape[1] != spec.type.columns):
        raise wrong_shape(tensor.name, signature.model, spec.shape, tensor.shape)
    if (tensor.datatype == BYTES) != spec.type.is_text:
        raise wrong_datatype(tensor.name, signature.model, spec.datatype, tensor.datatype)
    flat = _texts(tensor, spec) if spec.type.is_text else _numbers(tensor, spec, signature)
    if spec.type.layout == "ragged":
        items = flat if isinstance(flat, Texts) else flat.reshape(-1)
        return Ragged(items, np.arange(shape[0] + 1, dtype=np.int64) * shape[1])
    if isinstance(flat, Texts):
        return flat
    if spec.type.layout == "sparse":
        return Csr.of(flat.reshape(shape))
    return flat.reshape(shape if spec.type.width is not None else shape[:1])


def _texts(tensor: Tensor, spec: Spec) -> Texts:
    texts = tensor.elements
    assert isinstance(texts, Texts)
    return texts if spec.type.width is None else Texts(texts.data, texts.lengths, None, spec.type.width)


def _numbers(tensor: Tensor, spec: Spec, signature: Signature) -> np.ndarray:
    assert isinstance(tensor.elements, np.ndarray)
    numbers = converted(tensor.elements, spec.type.numpy)
    if isinstance(numbers, int):
        reason = f", which does not hold the value in row {numbers} exactly"
        raise wrong_datatype(tensor.name, signature.model, spec.datatype, tensor.datatype, reason)
    return numbers


def _cut(matrix: Tensor, signature: Signature) -> dict[str, Value]:
    """Return the columns of a matrix; those that no step reads are left out."""
    model, count = signature.model, len(signature.columns)
    if len(matrix.shape) != 2 or matrix.shape[1] != count:
        raise wrong_shape(MATRIX, model, (-1, count), matrix.shape)
    if matrix.datatype == BYTES or any(spec.datatype == BYTES for spec in signature.inputs.values()):
        problem = f"unexpected inference input '{MATRIX}' for model {quoted(model)}: a matrix holds numbers, and "
        raise wrong(MATRIX, f"{problem}this model takes {_listed(signature)}")
    assert isinstance(matrix.elements, np.ndarray)
    columns: dict[str, Value] = {}
    for i, column in enumerate(signature.columns):
        if spec := signature.inputs.get(column.name):
            part = Tensor(f"{MATRIX}[{i}]", matrix.datatype, (matrix.rows, 1), matrix.elements[:, i : i + 1])
            columns[column.name] = np.ascontiguousarray(_column(part, spec, signature))
    return columns


def _joined(tensors: Tensors, signature: Signature) -> dict[str, Value]:
    """Return the columns of a table: as they are, or as the matrix that the model takes."""
    if len(signature.inputs) > 1 or not (matrix := next(iter(signature.inputs.values()))).type.width:
        read = {name: tensor for name, tensor in tensors.items() if name in signature.inputs}
        return {name: _column(tensor, signature.inputs[name], signature) for name, tensor in read.items()}
    missing = [column.name for column in signature.columns if column.name not in tensors]
    if missing:
        count = f"expected {len(signature.columns)} inputs but got {len(tensors)} inputs for model "
        raise wrong(missing[0], f"{count}{quoted(signature.model)}: missing required input {quoted(missing[0])}")
    kind = ValueType(matrix.type.dtype)
    specs = [Spec(column.name, kind, matrix.datatype) for column in signature.columns]
    whole = np.stack([np.asarray(_column(tensors[spec.name], spec, signature)) for spec in specs], axis=1)
    return {matrix.name: _column(Tensor(matrix.name, matrix.datatype, whole.shape, whole), matrix, signature)}


def _unknown(tensors: Tensors, signature: Signature) -> InputError:
    known = signature.inputs.keys() | {column.name for column in signature.columns}
    name = next((name for name in tensors if name not in known), next(iter(tensors)))
    problem = f"unexpected inference input {quoted(name)} for model {quoted(signature.model)}"
    return wrong(name, f"{problem}; it takes {_listed(signature)}")


def _listed(signature: Signature, most: int = 20) -> str:
    names = [quoted(name) for name in signature.inputs]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
