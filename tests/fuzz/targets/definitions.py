"""Uploaded definitions with parameters: build, optimize and compile them, and load the plan."""

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
    """Return definitions from each operator's test case, with parameters as indices into blobs."""
    nodes = [node for case in harness.CASES.values() for node, _ in harness.drawn(case, 2)]
    packed = (_packed(Definition({"out": node})) for node in nodes)
    return [data for data in packed if len(data) <= plans.MAX_SEED_BYTES]


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
        parameters = [Parameter(bytes(memoryview(blob))) for blob in tree["blobs"]]
        for node in tree["definition"]["nodes"]:
            node["parameters"] = {name: str(parameters[place].digest) for name, place in node["parameters"].items()}
        return tree["definition"], {parameter.digest: parameter for parameter in parameters}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise CorruptObjectError("cannot build a definition from this tree") from None
