"""The main use case end to end: train fifty real pipelines, deploy them, score them over gRPC, compare the answers.

Run by `make demo`.  Exits with 1 if any answer differs from scikit-learn's.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings

import pretzel
from showcase import checking, corpus, latency, memory, report, servers, tabular, texts
from showcase.trained import Trained

SAMPLE_ROWS = 20
"""Rows that each deployment is verified on."""


def train() -> list[Trained]:
    """Read the corpus, and train every pipeline."""
    with report.step("read docstrings") as notes:
        docstrings = corpus.docstrings()
        documents = corpus.documents(docstrings)
        libraries = dict.fromkeys(docstring.library for docstring in docstrings)
        notes += [f"{len(docstrings):,} of {', '.join(libraries)}", f"{len(documents):,} paragraphs"]
    with report.step("trained pipelines with scikit-learn") as notes:
        models = tabular.train(docstrings) + texts.train(documents)
        notes.append(str(len(models)))
    return models


def deploy(models: list[Trained], address: str) -> None:
    """Deploy every pipeline; the control plane checks each plan against scikit-learn's predictions of a sample."""
    with report.step("deployed and verified") as notes, pretzel.ControlPlane(address) as plane:
        times = []
        for model in report.each(models, "deploying"):
            start = time.perf_counter()
            plane.deploy(model.name, model.estimator, sample=model.head(SAMPLE_ROWS), timeout=60)
            times.append(time.perf_counter() - start)
        notes.append(f"{statistics.median(times) * 1e3:.0f} ms each (median)")


def main() -> int:
    """Run the demo and return its exit status."""
    warnings.filterwarnings(
        "ignore", "divide by zero", RuntimeWarning
    )  # scikit-learn computes log(0) for probabilities of zero
    models = train()
    saved = memory.pickles(models)
    with servers.up() as running, pretzel.Client(running.worker, timeout=60) as client:
        empty = memory.worker_pss(running.pid)
        deploy(models, running.control)
        with report.step("scored every pipeline over gRPC"):
            checked = [checking.check(model, client) for model in report.each(models, "scoring")]
        loaded = memory.worker_pss(running.pid)
        with report.step("timed one row"):
            latencies = [latency.measure(model, client) for model in report.each(models, "timing")]
        in_plans, distinct = memory.plan_bytes(running.control, [model.name for model in models])
    unpickled = memory.unpickled_bytes(saved)
    account = memory.Account(sum(map(len, saved)), unpickled, in_plans, distinct, empty, loaded)
    report.show_answers(checked, latencies)
    report.show_memory(account)
    return report.verdict(checked)


if __name__ == "__main__":
    sys.exit(main())
