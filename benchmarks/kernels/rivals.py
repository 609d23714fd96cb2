"""Both sides of a comparison at each number of rows, and ONNX Runtime as a rival: what every family shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import floors
from benchmarks.harness import Row, compare

BATCHES = (1, 100, 10_000)
NUMERALS = 1e-3
"""What ONNX Runtime, which computes in float32, may be off by: its thresholds and sums are not the library's."""

BRIEF = 160
"""Characters of an error in a note: of a long one the beginning and the end."""

Answer = Callable[[Any], Any]
Check = Callable[[Any, Any], None]


def close(got: Any, want: Any) -> None:
    """Refuse to time answers that differ: a fast wrong answer is no result."""
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9 * float(np.max(np.abs(want))))


def both(
    name: str, rival: str, served: Any, method: str, theirs: Answer, x: Any, *, check: Check = close
) -> Iterator[Row]:
    """Yield the comparison of a method of a predictor with its library's at each number of rows."""
    ours = getattr(served, method)
    for size in BATCHES:
        part = x.iloc[:size] if hasattr(x, "iloc") else x[:size]
        check(ours(part), theirs(part))
        floor = floors.us(served, method, part)
        yield compare(name, rival, lambda p=part: ours(p), lambda p=part: theirs(p), rows=len(part), floor=floor)


def onnx(
    name: str, served: Any, method: str, convert: Callable[[], Any], x: np.ndarray, notes: list[str]
) -> Iterator[Row]:
    """Yield the comparison with a session of one thread, given the float32 it wants; note why, where there is none."""
    ours, narrow = getattr(served, method), np.asarray(x, np.float32)
    try:
        theirs = _session(convert, narrow, np.ravel(ours(x)))
    except Exception as error:  # a converter or a session fails in any way, and the others are still to be measured
        notes.append(f"{name}: ONNX Runtime: {type(error).__name__}: {_brief(error)}")
        return
    for size in BATCHES:
        part, single = x[:size], narrow[:size]
        floor = floors.us(served, method, part)
        mine, other = (lambda p=part: ours(p)), (lambda s=single: theirs(s))
        yield compare(name, "ONNX Runtime", mine, other, rows=len(part), floor=floor)


def sklearn_to_onnx(model: Any, x: np.ndarray) -> Any:
    """Return the model as ONNX, with probabilities as a matrix."""
    from skl2onnx import to_onnx

    head = getattr(model, "steps", [(None, model)])[-1][1]
    options = {id(model): {"zipmap": False}} if hasattr(head, "predict_proba") and hasattr(head, "classes_") else None
    return to_onnx(model, x[:1].astype(np.float32), options=options)


def boosted_to_onnx(library: str, model: Any, x: np.ndarray) -> Any:
    """Return a model of LightGBM or XGBoost as ONNX."""
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    convert = getattr(onnxmltools, f"convert_{library}")
    options = {"zipmap": False} if library == "lightgbm" else {}
    return convert(model, initial_types=[("X", FloatTensorType([None, x.shape[1]]))], **options)


def _session(convert: Callable[[], Any], x: np.ndarray, want: np.ndarray) -> Answer:
    """Return the call of a session of one thread for the output that answers as we do."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is noted once, by us
    model = convert().SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0].name
    for output in reversed(session.get_outputs()):  # labels come before probabilities and distances
        if _alike(np.ravel(session.run([output.name], {feed: x})[0]), want):
            return lambda rows: session.run([output.name], {feed: rows})[0]
    raise ValueError(f"in no output are nine answers of ten within {NUMERALS:g} of the model's")


def _alike(got: np.ndarray, want: np.ndarray) -> bool:
    if got.shape != want.shape:
        return False
    if want.dtype.kind not in "iuf":
        return bool((got == want).mean() > 0.9)
    return bool(np.isclose(got, want, rtol=NUMERALS, atol=NUMERALS).mean() > 0.9)


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= BRIEF else f"{text[: BRIEF // 2]} ... {text[-BRIEF // 2 :]}"
