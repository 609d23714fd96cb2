"""Run a worker process that serves definitions from its cache alone."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.plan.definition import Definition
from pretzel.plan.model import Model, ModelVersion

NOWHERE = "127.0.0.1:9"


@contextlib.contextmanager
def worker(path: Path, models: Mapping[str, Definition], *options: str) -> Iterator[dict[str, Any]]:
    """Start a worker that serves these models, yield its ready line, and stop it afterwards."""
    fill(path, models)
    with started(path, *options) as ready:
        yield ready


@contextlib.contextmanager
def started(path: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Start a worker over a filled cache, yield its ready line, and stop it afterwards."""
    command = ["-P", "-m", "pretzel.data_plane", "--log-level", "error", "--port", "0", "--metrics-port", "0"]
    command += [] if "--http" in options else ["--http", "off"]
    command += ["--die-with-parent", "--control-plane", NOWHERE, "--cache-dir", str(path), *options]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)


def fill(path: Path, models: Mapping[str, Definition]) -> None:
    """Store the objects and the catalog of these models in a cache, with optimized plans as a deployment makes them."""
    cache, records, needs = ObjectCache(path), {}, {}
    for name, definition in models.items():
        compiled = compile_plan(optimize(definition))
        plan = compiled.plan
        put(cache, compiled)
        version = ModelVersion(name, 1, plan.digest, definition.digest)
        records[name] = encode_model(Model(name, (version,), {"stable": 1}))
        needs[plan.digest] = tuple(plan.objects)
    cache.kept.save(Catalog("benchmark", 1, records), needs)
    cache.close()


def put(cache: ObjectCache, compiled: Compiled) -> None:
    """Keep a plan and its parameters in the cache of a worker."""
    cache.add(compiled.plan.digest, compiled.plan.encoded)
    for digest, blob in compiled.blobs.items():
        cache.add(digest, bytes(blob))
