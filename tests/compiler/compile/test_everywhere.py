"""One definition compiles to one plan in any process, for any hash seed, instruction set or number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter

dice = np.random.Generator(np.random.PCG64(0))
def array(*shape):
    return Parameter.of(dice.integers(-1000, 1000, shape) / 64)

x, text, code = ops.Input("x", "f64[40]"), ops.Input("text", "str"), ops.Input("code", "i64")
words = [f"w{i}" for i in range(500)]
tokens = ops.Tokenize(ops.Lowercase(text), r"(?u)\\b\\w\\w+\\b")
counts = ops.CountNgrams(tokens, Parameter.of(words), "word", 1, 1)
topics = ops.Linear(ops.Cast(counts, "f64"), array(500, 30), array(30))
scaled = ops.Standardize(ops.RequireFinite(x, "A"), array(40), Parameter.of(np.arange(1.0, 41.0)))
wide = ops.Concat((topics, ops.Densify(ops.OneHot(code, 7))))
scores = ops.Linear(ops.RequireFinite(wide, "B"), array(37, 3), array(3))
forest = ops.TreeEnsemble(
    ops.Cast(scaled, "f32"), Parameter.of(np.array([0], np.int32)), Parameter.of(np.array([3, 0, 0], np.int32)),
    Parameter.of(np.array([0.5, 0, 0])), Parameter.of(np.array([1, -1, -1], np.int32)),
    Parameter.of(np.array([2, 0, 1], np.int32)), Parameter.of(np.array([True, False, False])), array(2), array(1),
)
made = Definition({"scores": scores, "labels": ops.ArgMax(scores), "forest": forest, "p": ops.Link(scores, "softmax")})
compiled = compile_plan(optimize(made))
print(made.digest, compiled.plan.digest, *compiled.blobs)
"""
CIRCUMSTANCES: dict[str, dict[str, str]] = {
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "yet another hash seed": {"PYTHONHASHSEED": "4711"},
    "no vector instructions": {"PRETZEL_CPU": "baseline"},
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    "many threads": {"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "8", "MKL_NUM_THREADS": "8"},
    "another BLAS kernel": {"OPENBLAS_CORETYPE": "Prescott"},
    "another locale": {"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
}


def digests(**environment: str) -> str:
    """Compile the definition in a fresh process; return the digests of definition, plan and blobs."""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def usual() -> str:
    return digests(PYTHONHASHSEED="0")


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES)
def test_the_digests_are_the_same(circumstance: str, usual: str) -> None:
    assert usual.count("sha256:") >= 6
    assert digests(**CIRCUMSTANCES[circumstance]) == usual
