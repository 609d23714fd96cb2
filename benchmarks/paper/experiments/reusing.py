"""Keep features of texts for sibling models, and whole answers; runs in a process of its own."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.paper.experiments.apart import Inside
from benchmarks.paper.experiments.plans import OUTPUT, Loaded, Loader, Plans, check_alike
from benchmarks.paper.experiments.siblings import Features, Head, families
from benchmarks.paper.workloads import Workload
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.results import ResultCache
from pretzel.engine import StageCatalog
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.values import Csr, Texts
from pretzel.plan.wire import column_to_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

DOCUMENTS = 10
"""Texts that each model gets in a round, at most."""
BUDGET = 64 << 20
COLUMN = "X"
Answer = Callable[[Any], np.ndarray]


class Kept:
    """Features of texts by featurizers and text, for the heads of siblings."""

    def __init__(self) -> None:
        self._features: dict[tuple[int, str], Csr] = {}
        self.hits = self.misses = 0

    def features(self, family: int, compute: Features, row: Sequence[str]) -> Csr:
        """Return the features of a text, computed if they are not kept."""
        key = family, row[0]
        found = self._features.get(key)
        if found is None:
            self.misses += 1
            found = self._features[key] = replace(compute(row), is_checked=True)  # a kernel wrote it
        else:
            self.hits += 1
        return found

    def forget(self) -> None:
        """Drop all features."""
        self._features.clear()


def shared_stages(plans: Plans, workload: Workload) -> dict[str, int]:
    """Return how many stages the plans have, how many differ, and how many belong to several plans."""
    loader = Loader(plans)
    uses = Counter(stage for member in workload.members for stage in loader.stages(member.name))
    return {"all": uses.total(), "distinct": len(uses), "shared": sum(count > 1 for count in uses.values())}


def features(inside: Inside, workload: Workload, plans: Plans, rounds: int) -> dict[str, Any]:
    """Compare whole calls with calls of heads over kept features: one text for all models, and a text for each."""
    loader, kept = Loader(plans), Kept()
    whole = [loader.load(member.name).predict for member in workload.members]
    inside.say("heads are compiled")
    heads = _heads(workload, kept)
    texts, count = workload.rows, len(whole)
    for i, (one, other) in enumerate(zip(whole, heads, strict=True)):
        check_alike(workload.members[i].name, other(texts[:1]), one(texts[:1]))
    same = min(DOCUMENTS, len(texts))
    own = max(1, min(DOCUMENTS, len(texts) // count))
    return {
        "same": _compared(inside, whole, heads, kept, lambda i, d: texts[d : d + 1], same, rounds),
        "own": _compared(inside, whole, heads, kept, lambda i, d: _text(texts, d * count + i), own, rounds),
    }


def _text(texts: Any, number: int) -> Any:
    at = number % len(texts)
    return texts[at : at + 1]


def _heads(workload: Workload, kept: Kept) -> list[Answer]:
    """Return the answers of all models over kept features, in the order of the workload."""
    catalog, found = StageCatalog(), {}
    for number, members in enumerate(families(workload.members).values()):
        compute = None
        for member in members:
            estimator = member.estimator()
            sample = estimator[:-1].transform(workload.rows[:1])
            compute = compute or Features(estimator, catalog)
            head = Head(estimator, sample, catalog)
            found[member.name] = _answer(kept, number, compute, head)
    return [found[member.name] for member in workload.members]


def _answer(kept: Kept, family: int, compute: Features, head: Head) -> Answer:
    return lambda row: head(kept.features(family, compute, row))


def _compared(
    inside: Inside,
    whole: Sequence[Answer],
    heads: Sequence[Answer],
    kept: Kept,
    text: Callable[[int, int], Any],
    documents: int,
    rounds: int,
) -> dict[str, Any]:
    """Return the mean microseconds of each model on both sides, medians over rounds, and the rate of hits."""
    taken: dict[str, list[np.ndarray]] = {"whole": [], "kept": []}
    for turn in range(rounds + 1):
        inside.say(f"kept features, round {turn} of {rounds}")
        kept.forget()
        kept.hits = kept.misses = 0
        for side, models in (("whole", whole), ("kept", heads)):
            means = _pass(models, text, documents)
            if turn:  # the first pass builds the programs
                taken[side].append(means)
    medians = {side: np.median(values, axis=0).tolist() for side, values in taken.items()}
    return {**medians, "hit_rate": kept.hits / (kept.hits + kept.misses), "documents": documents}


def _pass(models: Sequence[Answer], text: Callable[[int, int], Any], documents: int) -> np.ndarray:
    """Call all models with each document, from another model on each time; return the mean of each."""
    count, taken = len(models), np.zeros((documents, len(models)))
    for document in range(documents):
        for step in range(count):
            i = (step + document * count // documents) % count
            row, predict = text(i, document), models[i]
            begun = time.perf_counter_ns()
            predict(row)
            taken[document, i] = time.perf_counter_ns() - begun
    return taken.mean(axis=0) / 1e3


def answers(inside: Inside, workload: Workload, plans: Plans, rounds: int) -> dict[str, Any]:
    """Keep whole answers as a worker does: one row to all models, and then each once more; return hits and times."""
    inside.say(f"{workload.name}: kept answers")
    loader = Loader(plans)
    models = [loader.load(member.name) for member in workload.members]
    row = workload.rows[:1]
    for model in models:
        model.predict(row)
    runs = [_answers(workload, models, row) for _ in range(rounds)]
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def _answers(workload: Workload, models: Sequence[Loaded], row: Any) -> dict[str, float]:
    tally = Tally()
    cache = ResultCache(["*"], BUDGET, tally)
    nothing = Digest.of(b"")
    computed, looked_up, counts = [], [], []
    for again in range(2):
        for member, model in zip(workload.members, models, strict=True):
            results = cache.of(ModelVersion(member.name, 1, nothing, nothing), "grpc")
            assert results is not None
            request = _request(member.name, row)
            begun = time.perf_counter_ns()
            found = results.get(request)
            taken = time.perf_counter_ns() - begun
            if found is None:
                seconds, answer = _computed(model, row)
                if not again:
                    computed.append(1e6 * seconds)
                results.put(request, _response(member.name, answer), 1, seconds)
            else:
                looked_up.append(taken / 1e3)
        counts.append(len(looked_up))
    number = len(models)
    return {
        "same_row_hit_rate": counts[0] / number,
        "again_hit_rate": (counts[1] - counts[0]) / number,
        "computed_us": statistics.median(computed),
        "looked_up_us": statistics.median(looked_up) if looked_up else 0.0,
    }


def _computed(model: Loaded, row: Any) -> tuple[float, np.ndarray]:
    begun = time.thread_time()
    answer = model.predict(row)
    return time.thread_time() - begun, answer


def _request(name: str, row: Any) -> bytes:
    values = np.asarray(row) if isinstance(row, np.ndarray) else Texts.of(row)
    return pb.PredictRequest(
        model=name, columns=columns_to_proto({COLUMN: values}), outputs=[OUTPUT]
    ).SerializeToString()


def _response(name: str, answer: np.ndarray) -> bytes:
    return pb.PredictResponse(model=name, columns=[column_to_proto(OUTPUT, answer)]).SerializeToString()
