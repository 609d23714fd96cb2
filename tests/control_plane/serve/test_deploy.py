"""Deployments over gRPC: what is published, what is rejected and how, and that a rejection leaves nothing behind."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.plan import ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import WIDTH, Server, arrays, control_plane, definition, models, sample


def test_a_deployment_reports_its_steps_and_returns_the_version(server: Server, name: str):
    sent = definition(1)
    server.send(sent)
    *steps, version = server.steps(name, sent, sample=sample(1), wait=True)
    assert steps == ["optimize", "compile", "verify", "publish", "wait"]
    assert isinstance(version, ModelVersion)
    assert (version.model, version.version, version.definition) == (name, 1, sent.digest)
    assert version.metadata["estimator"] == "Sign"
    assert version.metadata["verified"] is True
    assert version.metadata["tolerance"] == {"relative": 1e-6, "absolute": 1e-9}
    assert 0 <= version.metadata["measured_error"]["decision_function"] < 1e-12
    assert version.metadata["measured_error"]["predict"] == 0
    assert version.created == pytest.approx(time.time(), abs=60)
    assert version.parameter_bytes > 8 * WIDTH


def test_deploying_again_returns_the_version_and_moves_the_alias(server: Server, name: str):
    first, second = server.deploy(name, definition(1)), server.deploy(name, definition(2))
    assert (first.version, second.version) == (1, 2)
    server.control.SetAlias(pb.SetAliasRequest(model=name, alias="stable", version=1))
    assert server.deploy(name, definition(2)) == second
    (model,) = server.control.ListModels(pb.ListModelsRequest(prefix=name)).models
    assert dict(model.aliases) == {"stable": 2}
    assert [version.version for version in model.versions] == [1, 2]


def test_statistics_of_a_sample_are_used_by_later_deployments(server: Server, name: str):
    x = ops.Input("x", "str")
    tokens = ops.Tokenize(x, r"(?u)\b\w+\b")
    counts = ops.CountNgrams(tokens, Parameter.strings(["a", "b"]), "word", 1, 1, "f64")
    sent = Definition({"y": ops.Linear(counts, Parameter.of(np.ones(2)))}, (x,))
    texts = {"few": ["a b", "b a a c"], "many": ["a " * 500, "b " * 500]}
    few, many = (
        pb.Sample(inputs=wire.columns_to_proto({"x": rows}), outputs=wire.columns_to_proto({"y": answers}))
        for rows, answers in ((texts["few"], np.array([2.0, 3.0])), (texts["many"], np.array([500.0, 500.0])))
    )
    version = server.deploy(name, sent, sample=few)
    statistics = version.metadata["statistics"]
    assert statistics["rows"] == 2
    assert sorted(statistics["seen"].values()) == [2.0, 3.0, 5.0]  # counts, tokens and bytes a row
    assert len(version.metadata["stage_seconds"]) == 3 and min(version.metadata["stage_seconds"]) > 0
    assert plan_of(server, version).room == (4, 4, 0)
    assert server.deploy(name, sent, sample=many) == version, "a plan depends on the statistics kept"
    assert server.deploy(name, sent) == version
    assert server.deploy(f"{name}/other", sent).metadata["verified"] is False


def plan_of(server: Server, version: ModelVersion) -> Plan:
    path = server.data_dir / "objects" / version.plan.hex[:2] / f"{version.plan.hex}-{version.plan.size}"
    return Plan.from_encoded(path.read_bytes())


def test_without_a_sample_the_version_is_marked_unverified(server: Server, name: str):
    assert server.deploy(name, definition(1)).metadata["verified"] is False


def test_models_fitted_on_float32_are_verified_on_float32(server: Server, name: str):
    X, y = load_breast_cancer(return_X_y=True)
    X = X.astype(np.float32)
    models = [LogisticRegression(), SGDClassifier(loss="log_loss", random_state=0), PCA(3)]
    with pretzel.ControlPlane(server.ready["address"]) as control:
        for model in (make_pipeline(StandardScaler(), model).fit(X, y) for model in models):
            version = control.deploy(name, model, sample=X, wait=False)
            assert version.metadata["verified"] is True
            assert max(version.metadata["measured_error"].values()) < 2e-6


def test_siblings_share_objects(server: Server, name: str):
    server.deploy(f"{name}/a", definition(3))
    assert set(server.missing(definition(4).parameters)) == {Parameter.of(arrays(4)[1]).digest}


def test_wrong_outputs_are_rejected(server: Server, name: str):
    server.send(definition(1))
    message = (
        "output 'decision_function', row 2: expected .*, got .*; they differ by 0.01, .* is allowed; 1 of 20 values"
    )
    with fails("FAILED_PRECONDITION", message):
        server.steps(name, definition(1), sample=sample(1, off=0.01))
    assert models(server, name) == []
    loose = pb.Tolerance(relative=1.0, absolute=1.0)
    server.steps(name, definition(1), sample=sample(1, off=0.01), tolerance=loose)
    assert models(server, name) == [name]


def test_weights_in_fewer_bytes_must_stay_within_the_tolerance(server: Server, name: str):
    halves = {"options": wire.attributes_to_proto({"weights": "f16"}), "sample": sample(1)}
    server.send(definition(1))
    with fails("FAILED_PRECONDITION", "output 'decision_function', row .*: expected .*, got .* is allowed"):
        server.steps(name, definition(1), **halves)
    exact = server.deploy(name, definition(1), sample=sample(1))
    loose = pb.Tolerance(relative=1e-2, absolute=1e-2)
    version = server.deploy(name, definition(1), **halves, tolerance=loose)
    assert version.version == 2
    assert version.parameter_bytes < exact.parameter_bytes - 5 * WIDTH
    held = version.metadata["weights"]
    assert held == {"form": "f16", "exact_bytes": exact.parameter_bytes, "bytes": version.parameter_bytes}
    assert 1e-6 < version.metadata["measured_error"]["decision_function"] < 1e-2


def test_a_wrong_row_is_named_by_its_number_in_the_callers_sample(server: Server, name: str):
    golden = sample(1, off=0.01)
    golden.rows.extend(range(7, 7 + 100 * golden.inputs[0].rows, 100))
    golden.total_rows = 5000
    server.send(definition(1))
    with fails("FAILED_PRECONDITION", "output 'decision_function', row 207: expected"):
        server.steps(name, definition(1), sample=golden)


def test_a_version_records_the_number_of_verified_rows(server: Server, name: str):
    golden = sample(1)
    version = server.deploy(name, definition(1))
    assert version.verification == "not verified: it was deployed without a sample"
    rows = golden.inputs[0].rows
    verified = server.deploy(name, definition(1), sample=golden)
    assert verified.version == version.version, "the plan is the same"
    assert verified.metadata["verification"] == {"rows": rows, "of": rows, "ties": 0}
    golden.rows.extend(range(rows))
    golden.total_rows = 53_460
    again = server.deploy(name, definition(1), sample=golden)
    assert again.verification.startswith(f"verified on {rows} of 53,460 rows, largest error ")
    (listed,) = server.control.ListModels(pb.ListModelsRequest(prefix=name)).models
    assert wire.model_from_proto(listed).versions == (again,)


def test_a_damaged_parameter_is_data_loss_and_can_be_uploaded_again(tmp_path: Path):
    sent = definition(1)
    weights = Parameter.of(arrays(1)[1])
    with control_plane(tmp_path / "data") as server:
        server.send(sent)
        path = server.data_dir / "objects" / weights.digest.hex[:2] / f"{weights.digest.hex}-{weights.nbytes}"
        path.unlink()
        path.write_bytes(bytes(weights.nbytes))
        with fails("DATA_LOSS", f"object {weights.digest} is damaged in the store; upload it again"):
            server.steps("m", sent)
        assert server.deploy("m", sent, sample=sample(1)).version == 1


def test_the_client_uploads_all_damaged_parameters_again(tmp_path: Path):
    sent = definition(1)
    with control_plane(tmp_path / "data") as server, pretzel.ControlPlane(server.ready["address"]) as control:
        server.send(sent)
        paths = [p for p in (server.data_dir / "objects").glob("[0-9a-f][0-9a-f]/*") if p.is_file()]
        assert len(paths) >= 2
        for path in paths:
            size = path.stat().st_size
            path.unlink()
            path.write_bytes(bytes(size))
        assert control.deploy("m", sent, wait=False).version == 1


def test_a_damaged_derived_object_is_written_again(tmp_path: Path):
    sent = definition(1)
    with control_plane(tmp_path / "data") as server:
        plan = server.deploy("m", sent).plan
        server.control.DeleteModel(pb.DeleteModelRequest(model="m", force=True))
    path = server.data_dir / "objects" / plan.hex[:2] / f"{plan.hex}-{plan.size}"
    path.unlink()
    path.write_bytes(bytes(plan.size))
    with control_plane(tmp_path / "data") as server:
        assert server.deploy("m", sent).plan == plan
        assert Digest.of(path.read_bytes()) == plan
        Plan.from_encoded(path.read_bytes())


def test_many_deployments_at_once(server: Server, name: str):
    with ThreadPoolExecutor(8) as pool:
        versions = list(
            pool.map(lambda i: server.deploy(f"{name}/{i % 4}", definition(i), sample=sample(i)), range(16))
        )
    assert len({version.plan for version in versions}) == 16
    assert sorted((v.model, v.version) for v in versions) == [
        (f"{name}/{i}", version) for i in range(4) for version in range(1, 5)
    ]


def test_too_many_deployments_are_rejected(tmp_path: Path):
    with control_plane(tmp_path / "data", deployments=1, queued_deployments=0) as server:
        definitions = [definition(i) for i in range(12)]
        for each in definitions:
            server.send(each)

        def attempt(i: int) -> str:
            try:
                server.steps(f"m{i}", definitions[i], sample=sample(i))
            except grpc.RpcError as error:
                return f"{error.code().name} {error.details()}"
            return "OK"

        with ThreadPoolExecutor(12) as pool:
            answers = set(pool.map(attempt, range(12)))
    assert answers == {"OK", "RESOURCE_EXHAUSTED 1 deployments run or wait already; retry later"}


def test_a_cancelled_call_stops_its_deployment(server: Server, name: str):
    server.send(definition(1))
    request = pb.DeployModelRequest(model=name, definition=wire.definition_to_proto(definition(1)), alias="stable")
    call = server.control.DeployModel(request)
    next(call)
    call.cancel()
    # Whether it was stopped or had been published by then, the control plane answers and a new attempt ends well.
    assert server.deploy(name, definition(1)).version == 1
