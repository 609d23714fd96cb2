"""Small models for tests: hand-written definitions, compiled for real."""

from __future__ import annotations

import gc
from collections.abc import Mapping

import numpy as np

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.pipeline import Compiled
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from tests.data_plane.control import ScriptedControlPlane


def vector(width: int, seed: int) -> Parameter:
    return Parameter.of(np.random.default_rng(seed).normal(size=width))


def scaled(width: int, seed: int = 0) -> Node:
    """``x * scale + shift``, shared by all models of one seed."""
    return ops.Affine(ops.Input("x", f"f64[{width}]"), vector(width, seed), vector(width, seed + 1))


def regression(width: int = 3, bias: float = 0.0, *, shared: int = 0, own: int = 0) -> Definition:
    """A regression over a scaling; equal ``shared`` gives the same scaling, ``own`` and ``bias`` the weights."""
    x = scaled(width, shared)
    score = ops.Linear(x, vector(width, 1000 + own), Parameter.of(np.array([bias])))
    return Definition({"predict": score, "transform": x})


def expected(width: int, rows: np.ndarray, bias: float = 0.0, *, shared: int = 0, own: int = 0) -> np.ndarray:
    """The output of :func:`regression`, in NumPy."""
    scale, shift, weights = (vector(width, seed).array for seed in (shared, shared + 1, 1000 + own))
    return (rows * scale + shift) @ weights + bias


def echo() -> Definition:
    """Returns its texts and numbers unchanged."""
    return Definition({"text": ops.Input("text", "str"), "x": ops.Input("x", "f64")})


def refusing(width: int = 3) -> Definition:
    """A model that rejects NaN."""
    x = ops.RequireFinite(ops.Input("x", f"f64[{width}]"), "Ridge")
    return Definition({"predict": ops.Linear(x, vector(width, 7), Parameter.of(np.zeros(1)))})


def objects_of(definition: Definition) -> tuple[Digest, Mapping[Digest, bytes]]:
    """The digest of a definition's plan, and every object of it."""
    compiled: Compiled = compile_plan(definition)
    blobs = {digest: bytes(blob) for digest, blob in compiled.blobs.items()}
    return compiled.plan.digest, {compiled.plan.digest: compiled.plan.encoded, **blobs}


def put(cache: ObjectCache, definition: Definition) -> Digest:
    """Put a model's objects into a cache, and return its plan."""
    plan, objects = objects_of(definition)
    for digest, blob in objects.items():
        cache.add(digest, blob)
    return plan


def forget() -> None:
    """Release the parameters of definitions: equal ones are shared and would be used instead of the cache."""
    gc.collect()
    Parameter._interned.clear()


async def deploy(control: ScriptedControlPlane, name: str, definition: Definition, alias: str = "stable") -> Digest:
    """Deploy a model to a scripted control plane, and return its plan."""
    plan, objects = objects_of(definition)
    control.objects.update(objects)
    await control.deploy(name, plan, alias)
    return plan


def classifier() -> Definition:
    """Classifies x as above zero or not."""
    above = ops.Threshold(ops.Input("x", "f64"), 0.0)
    return Definition({"predict": ops.LabelLookup(above, Parameter.of(["no", "yes"]))})
