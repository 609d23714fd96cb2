"""A scrape of a worker that records everything, read by the parsers of the Prometheus client."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable
from typing import Any

import grpc
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from pretzel.data_plane.measure.triton import TRITON
from pretzel.inference import service_pb2 as oip
from tests.data_plane.oip.trained import ROWS
from tests.data_plane.telemetry.conftest import Observed
from tests.data_plane.telemetry.test_traces import calls
from tests.deploy.test_operations import PAGE

OPEN = "application/openmetrics-text; version=1.0.0"


def scrape(observed: Observed, accept: str) -> str:
    url = f"http://127.0.0.1:{observed.worker.ready['metrics_port']}/metrics"
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as response:
        return str(response.read().decode())


def samples(families: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_every_name_is_documented_in_both_formats(observed: Observed):
    observed.worker.post("/v1/models/wine:predict", {"rows": ROWS.tolist()})
    plain = samples(plain_families(scrape(observed, "text/plain")))
    opened = samples(open_families(scrape(observed, OPEN)))
    documented = set(re.findall(r"\b(?:pretzel|nv)_\w+", PAGE))
    for names in (plain, opened):
        bare = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in names}
        bare |= {name for name in names if name in documented}
        assert {name for name in bare if name not in documented and f"{name}_count" not in documented} == set()
    assert plain.keys() == opened.keys()


def test_traced_calls_are_exemplars_of_their_buckets(observed: Observed, parent: tuple[str, str]):
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call, message = calls(channel, "Predict")
        call(message, timeout=30, metadata=(("traceparent", parent[1]),))
    buckets = samples(open_families(scrape(observed, OPEN)))["pretzel_request_seconds_bucket"]
    (bucket,) = [one for one in buckets if one.exemplar and one.exemplar.labels == {"trace_id": parent[0]}]
    assert (bucket.labels["method"], bucket.labels["model"]) == ("Predict", "wine")
    assert 0 < bucket.exemplar.value <= float(bucket.labels["le"])
    assert not any(one.exemplar for one in samples(plain_families(scrape(observed, "text/plain")))[bucket.name])


def test_numbers_under_tritons_names_are_those_of_its_statistics(observed: Observed):
    service = "/inference.GRPCInferenceService/"
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call, message = calls(channel, "ModelInfer")
        for _ in range(3):
            call(message, timeout=30)
        statistics = channel.unary_unary(
            f"{service}ModelStatistics",
            oip.ModelStatisticsRequest.SerializeToString,
            oip.ModelStatisticsResponse.FromString,
        )(oip.ModelStatisticsRequest(name="wine"), timeout=30)
    found = samples(plain_families(scrape(observed, "text/plain")))
    assert {name for name in found if name.startswith("nv_")} == {*TRITON}
    (model,) = statistics.model_stats
    stats = model.inference_stats
    expected = {
        "nv_inference_request_success": stats.success.count,
        "nv_inference_request_failure": stats.fail.count,
        "nv_inference_count": model.inference_count,
        "nv_inference_exec_count": model.execution_count,
        "nv_inference_request_duration_us": stats.success.ns / 1000,
        "nv_inference_queue_duration_us": stats.queue.ns / 1000,
        "nv_inference_compute_input_duration_us": stats.compute_input.ns / 1000,
        "nv_inference_compute_infer_duration_us": stats.compute_infer.ns / 1000,
        "nv_inference_compute_output_duration_us": stats.compute_output.ns / 1000,
        "nv_cache_num_hits_per_model": stats.cache_hit.count,
        "nv_cache_hit_duration_per_model": stats.cache_hit.ns / 1000,
    }
    for name, value in expected.items():
        (sample,) = [one for one in found[name] if one.labels == {"model": "wine", "version": "1"}]
        assert abs(sample.value - value) <= 1e-6 * value, name
    assert expected["nv_inference_count"] >= 3 * len(ROWS)
