"""Plans with Python stages: what passes between native steps and side processes has names that no model has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.engine import StageCatalog, load
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

X = ops.Input("x", "f64")
ABOUT: dict[str, Any] = {"path": "own", "method": "", "takes": "{}", "python": "3.12", "packages": ("numpy==2.1.0",)}
HOP = ops.PythonStage((X,), Parameter.of(np.zeros(1, np.uint8)), **ABOUT, gives=("f64",), part=0)


class Doubling:
    """Stages that double their only column, here."""

    def open(self, *_: Any) -> Any:
        return lambda columns, *_: [columns[0] * 2]


def loaded(outputs: dict[str, Node], *inputs: ops.Input) -> Any:
    compiled = compile_plan(Definition(outputs, inputs))
    return load(compiled.plan, compiled.blobs.__getitem__, catalog=StageCatalog(Doubling()))


def test_native_steps_read_the_result_of_a_hop() -> None:
    executable = loaded({"y": ops.Elementwise(HOP, "square")}, X)
    assert executable.run({"x": np.array([1.0, 3.0])})["y"].tolist() == [4.0, 36.0]


def test_a_model_cannot_take_the_names_of_values_between() -> None:
    (stage,) = compile_plan(Definition({"y": HOP}, (X,))).plan.stages
    column = ops.Input(f"\0{stage.fingerprint}", "f64")
    with pytest.raises(DefinitionError, match="begins with NUL; rename it"):
        loaded({"y": ops.Elementwise(HOP, "exp"), "z": ops.Elementwise(column, "sqrt")}, X, column)
    with pytest.raises(DefinitionError, match="begins with NUL; rename it"):
        loaded({"y": ops.Elementwise(HOP, "exp"), "\0001": X}, X)
