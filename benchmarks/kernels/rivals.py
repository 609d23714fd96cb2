"""Compare both sides at each number of rows, and ONNX Runtime as a rival; shared by all families."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import floors
from benchmarks.harness import Row, compare

BATCHES = (1, 100, 10_000)
TOLERANCE = 1e-3
"""Tolerance for ONNX Runtime, whose thresholds and sums are float32, unlike the library's."""

BRIEF = 160
"""Characters of an error in a note; a long one is shortened in the middle."""

Answer = Callable[[Any], Any]
Check = Callable[[Any, Any], None]


def close(got: Any, want: Any) -> None:
    """Reject answers that differ, because the speed of a wrong answer is meaningless."""
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9 * float(np.max(np.abs(want))))


def both(
    name: str, rival: str, served: Any, method: str, theirs: Answer, x: Any, *, check: Check = close
) -> Iterator[Row]:
    """Yield the comparison of a predictor's method with its library's at each number of rows."""
    ours = getattr(served, method)
    for size in BATCHES:
        part = x.iloc[:size] if hasattr(x, "iloc") else x[:size]
        check(ours(part), theirs(part))
        floor = floors.us(served, method, part)
        yield compare(name, rival, lambda p=part: ours(p), lambda p=part: theirs(p), rows=len(part), floor=floor)


def onnx(
    name: str, served: Any, method: str, convert: Callable[[], Any], x: np.ndarray, notes: list[str]
) -> Iterator[Row]:
    """Yield the comparison with a session of one thread on float32 rows, or note the reason if there is none."""
    ours, narrow = getattr(served, method), np.asarray(x, np.float32)
    try:
        theirs = _session(convert, narrow, np.ravel(ours(x)))
    except Exception as error:  # converters and sessions raise any error, and the other cases must still be measured
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
    """Return a call of a session of one thread for the output that matches Pretzel's."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are noted once, here
    model = convert().SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0].name
    for output in reversed(session.get_outputs()):  # labels precede probabilities and distances
        if _alike(np.ravel(session.run([output.name], {feed: x})[0]), want):
            return lambda rows: session.run([output.name], {feed: rows})[0]
    raise ValueError(f"no output has nine of ten answers within {TOLERANCE:g} of the model's")


def _alike(got: np.ndarray, want: np.ndarray) -> bool:
    if got.shape != want.shape:
        return False
    if want.dtype.kind not in "iuf":
        return bool((got == want).mean() > 0.9)
    return bool(np.isclose(got, want, rtol=TOLERANCE, atol=TOLERANCE).mean() > 0.9)


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= BRIEF else f"{text[: BRIEF // 2]} ... {text[-BRIEF // 2 :]}"
