"""The numbers of the Open Inference Protocol under the names of Triton's metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from prometheus_client.core import Metric

_COUNTS = {
    "nv_inference_request_success": "Inference requests that succeeded, all batch sizes.",
    "nv_inference_request_failure": "Inference requests that failed, all batch sizes.",
    "nv_inference_count": "Inferences performed: rows.",
    "nv_inference_exec_count": "Runs of the model.",
}
_DURATIONS = {
    "nv_inference_request_duration_us": "Duration of requests that succeeded, in microseconds.",
    "nv_inference_queue_duration_us": "Time of requests in the queue, in microseconds.",
    "nv_inference_compute_input_duration_us": "Time of reading inputs, in microseconds.",
    "nv_inference_compute_infer_duration_us": "Time of running the model, in microseconds.",
    "nv_inference_compute_output_duration_us": "Time of writing outputs, in microseconds.",
}
_CACHE = {
    "nv_cache_num_hits_per_model": "Requests that were answered by kept answers.",
    "nv_cache_hit_duration_per_model": "Duration of these requests, in microseconds.",
}
TRITON = (*_COUNTS, *_DURATIONS, *_CACHE)


def triton_families(served: Iterable[Sequence[Any]]) -> Iterable[Metric]:
    """Return the families for the numbers of versions, in the order of `NUMBERS` of `oip.statistics`.

    Triton's counters lack the suffix that OpenMetrics demands of counters, so they have no type.
    """
    served = list(served)
    if not served:
        return
    scales = [1.0] * len(_COUNTS) + [1e-3] * len(_DURATIONS) + [1.0, 1e-3]
    for place, (name, text) in enumerate((_COUNTS | _DURATIONS | _CACHE).items()):
        family = Metric(name, text, "unknown")
        for model, version, *numbers in served:
            family.add_sample(name, {"model": model, "version": version}, numbers[place] * scales[place])
        yield family
