"""Definitions with parameters that anyone uploaded: built, optimized and compiled, and the plan loaded."""

from typing import Any

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import CorruptObjectError
from pretzel.plan.definition import Definition, from_tree, to_tree
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.parameter import Parameter
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL
from tests.ops import harness

FORM = CANONICAL


def seeds() -> list[bytes]:
    """Return what each operator's case gives, its parameters by their place among blobs."""
    nodes = [node for case in harness.CASES.values() for node, _ in harness.drawn(case, 2)]
    packed = (_packed(Definition({"out": node})) for node in nodes)
    return [data for data in packed if len(data) <= plans.MOST_SEED]


def _packed(definition: Definition) -> bytes:
    tree, places = decode(encode(to_tree(definition))), {str(d): i for i, d in enumerate(definition.parameters)}
    for node in tree["nodes"]:
        node["parameters"] = {name: places[digest] for name, digest in node["parameters"].items()}
    return encode({"definition": tree, "blobs": [bytes(p.blob) for p in definition.parameters.values()]})


def run(data: bytes) -> None:
    tree, parameters = _parts(decode(data))
    compiled = compile_plan(optimize(from_tree(tree, parameters)))
    engine.load(compiled.plan, compiled.blobs.__getitem__)


def _parts(tree: Any) -> tuple[Any, dict[Digest, Parameter]]:
    try:
        found = [Parameter(bytes(memoryview(blob))) for blob in tree["blobs"]]
        for node in tree["definition"]["nodes"]:
            node["parameters"] = {name: str(found[place].digest) for name, place in node["parameters"].items()}
        return tree["definition"], {parameter.digest: parameter for parameter in found}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise CorruptObjectError("no such tree") from None
