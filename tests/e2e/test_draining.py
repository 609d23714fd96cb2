"""A worker that is stopped under load: the SDK loses no call, and the process exits with 0."""

import contextlib

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.plan import bundle
from tests.e2e.servers import STOP_SECONDS, server
from tests.e2e.test_balancing import Load, answers_more


def test_no_call_is_lost_when_a_worker_is_stopped(tmp_path):
    X, y = load_iris(return_X_y=True)
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    models = tmp_path / "models"
    models.mkdir()
    bundle.save(models / "iris.pretzel", pretzel.export(estimator))
    settings = {"models": models, "port": 0, "metrics_port": 0, "http": "off", "executor_threads": 1}
    with contextlib.ExitStack() as servers:
        first, second = (
            servers.enter_context(server("worker", tmp_path / name, cache_dir=tmp_path / name / "cache", **settings))
            for name in ("first", "second")
        )
        # The SDK keeps the address of the stopped worker, as with a resolver that has not heard of it.
        with Load(f"ipv4:{first.address},{second.address}", estimator, [X[:1], X, np.tile(X, (20, 1))]) as load:
            answers_more(first)
            answers_more(second)
            first.process.terminate()
            assert first.process.wait(STOP_SECONDS) == 0
            answers_more(second)
    assert load.calls > 10
    assert not load.failures, f"{len(load.failures)} of {load.calls} calls, first {load.failures[0]!r}"
