r"""Write definitions and plans as text, one node per line, and parse definitions from it.

    %0 = input column="review" kind="str" : str
    %1 = lowercase %0 : str
    %2 = tokenize %1 pattern="\\b\\w\\w+\\b" : str[*]
    %3 = count_ngrams %2 vocabulary=@5f0c1d2e3a4b:str[9000] unit="word" low=1 high=2 dtype="f64" : f64{9000}
    %4 = linear %3 weights=@9a8b7c6d5e4f:f64[9000] : f64
    output "decision_function" = %4
    metadata {"estimator": "LinearSVC"}

A line names a value, its operator, the values it reads, attributes as JSON, parameters by short digest,
and the type of the result.  Attributes with their default are left out.  Text written by hand may use other names
for values and parameters (``%scores``, ``@w``), and may leave types out; types that are present are checked.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.ops.inputs import Input
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, Stage

_JSON = json.JSONDecoder()


def render(thing: Definition | Plan) -> str:
    """Return the text form of a definition or a plan, with a newline after each line."""
    lines = _definition_lines(thing) if isinstance(thing, Definition) else _plan_lines(thing)
    return "".join(f"{line}\n" for line in lines)


def parse(text: str, parameters: Mapping[str, Parameter] | None = None) -> Definition:
    """Return the definition that ``text`` describes.

    Args:
        text: output of :func:`render`, or the same form written by hand; blank and ``#`` lines are skipped.
        parameters: every parameter under its name after ``@``; see :func:`by_digest`.

    Raises:
        DefinitionError: a line has another form, names an unknown value, parameter, operator or attribute,
            or is illegal at its position; the message names the line.
    """
    reader = _DefinitionReader(parameters or {})
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                reader.read(line.strip())
            except (DefinitionError, TypeError) as error:
                raise DefinitionError(f"line {number}: {error}") from None
    return Definition(reader.outputs, reader.inputs, reader.metadata)


def by_digest(parameters: Iterable[Parameter]) -> dict[str, Parameter]:
    """Return parameters by their short digests, the names that :func:`render` uses."""
    return {parameter.digest.short: parameter for parameter in parameters}


def node_line(node: Node, name: str, inputs: Iterable[str]) -> str:
    """Return the line that defines ``name`` as ``node`` over the values named in ``inputs``."""
    words = [f"%{name} =", node.name, *(f"%{child}" for child in inputs)]
    words += [f"{field}={parameter_text(value)}" for field, value in node.parameters.items()]
    words += [f"{field}={_json(value)}" for field, value in shown_attributes(node).items()]
    return " ".join([*words, ":", str(node.type)])


def parameter_text(parameter: Parameter) -> str:
    """Return ``@short-digest:type[shape]``."""
    return f"@{parameter.digest.short}:{parameter.dtype}[{','.join(map(str, parameter.shape))}]"


def shown_attributes(node: Node) -> dict[str, Any]:
    """Return the attributes that differ from their defaults."""
    usual = defaults(type(node))
    return {name: value for name, value in node.attributes.items() if repr(value) != repr(usual[name])}


def defaults(operator: type[Node]) -> dict[str, Any]:
    """Return the default of each field; a sentinel that equals no value for a field without one."""
    return {field.name: field.default for field in dataclasses.fields(operator)}


def _definition_lines(definition: Definition) -> Iterator[str]:
    nodes = list(dict.fromkeys([*definition.inputs, *definition.nodes]))
    names = {node: str(i) for i, node in enumerate(nodes)}
    for node, name in names.items():
        yield node_line(node, name, [names[child] for child in node.inputs])
    for output, node in definition.outputs.items():
        yield f"output {_json(output)} = %{names[node]}"
    if definition.metadata:
        yield f"metadata {_json(dict(definition.metadata))}"


def _plan_lines(plan: Plan) -> Iterator[str]:
    yield f"plan {plan.digest.short} kernels={_json(plan.kernel_set)}"
    for slot, column in enumerate(plan.inputs):
        yield f"%{slot} = input column={_json(column.name)} : {column.type}"
    for i, stage in enumerate(plan.stages):
        yield stage_line(stage, len(plan.inputs) + i)
    for output in plan.outputs:
        labels = f" labels={_digest_text(output.labels)}" if output.labels else ""
        yield f"output {_json(output.name)} = %{output.slot}{labels}"


def stage_line(stage: Stage, slot: int) -> str:
    """Return the line of the stage of a plan that writes ``slot``."""
    words = [f"%{slot} =", stage.kernel, *(f"%{j}" for j in stage.inputs)]
    words += [f"{name}={_digest_text(digest)}" for name, digest in stage.parameters.items()]
    words += [f"{name}={_json(value)}" for name, value in stage.attributes.items()]
    return " ".join([*words, ":", str(stage.type), "#", stage.operator, stage.fingerprint[:12]])


def _digest_text(digest: Digest) -> str:
    return f"@{digest.short}/{digest.size}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _DefinitionReader:
    """The state of the parser after the lines read so far."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self.parameters = parameters
        self.values: dict[str, Node] = {}
        self.outputs: dict[str, Node] = {}
        self.metadata: dict[str, Any] = {}

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs in the order of their lines, including those that no output reads."""
        return tuple(node for node in self.values.values() if isinstance(node, Input))

    def read(self, line: str) -> None:
        """Parse one line."""
        if line.startswith("output "):
            return self._read_output(line.removeprefix("output "))
        if line.startswith("metadata "):
            self.metadata, end = _value(line, len("metadata "))
            return _end(line, end)
        name, equals, rest = line.partition(" = ")
        if not equals or not name.startswith("%") or not rest:
            raise DefinitionError(f"expected `%name = operator ...`, `output ...` or `metadata ...`, got {line[:80]!r}")
        if name[1:] in self.values:
            raise DefinitionError(f"{name} is defined twice")
        self.values[name[1:]] = self._build(rest)

    def _read_output(self, rest: str) -> None:
        name, end = _value(rest, 0)
        equals, _, value = rest[end:].strip().partition(" ")
        if equals != "=" or not isinstance(name, str) or name in self.outputs:
            raise DefinitionError(f'expected `output "name" = %value`, each name once, got {rest[:80]!r}')
        self.outputs[name] = self._defined(value)

    def _defined(self, word: str) -> Node:
        if not word.startswith("%") or word[1:] not in self.values:
            raise DefinitionError(f"{word[:80]!r} is not defined above")
        return self.values[word[1:]]

    def _build(self, rest: str) -> Node:
        name, _, rest = rest.partition(" ")
        operator = OPERATORS.get(name)
        if operator is None:
            raise DefinitionError(f"unknown operator {name[:80]!r}")
        inputs, fields, kind = self._read_operands(rest)
        node = operator.build(inputs, fields)
        if kind not in ("", str(node.type)):
            raise DefinitionError(f"{name}: the line has type {kind[:40]}, the operator returns {node.type}")
        return node

    def _read_operands(self, rest: str) -> tuple[list[Node], dict[str, Any], str]:
        inputs: list[Node] = []
        fields: dict[str, Any] = {}
        at = 0
        while at < len(rest):
            word = rest[at:].split(" ", 1)[0]
            if word == ":":
                return inputs, fields, rest[at + 1 :].strip()
            field, equals, value = word.partition("=")
            if not word or not equals:
                inputs += [self._defined(word)] if word else []
                at += len(word) + 1
            elif value.startswith("@"):
                fields[field] = self._parameter(value)
                at += len(word) + 1
            else:
                attribute, end = _value(rest, at + len(field) + 1)
                fields[field], at = _frozen(attribute), end + 1
        return inputs, fields, ""

    def _parameter(self, text: str) -> Parameter:
        parameter = self.parameters.get(text[1:].partition(":")[0])
        if parameter is None:
            raise DefinitionError(f"parameter {text[:80]!r} was not given")
        if ":" in text and text.partition(":")[2] != parameter_text(parameter).partition(":")[2]:
            raise DefinitionError(f"parameter {text[:80]!r} is given as {parameter_text(parameter)}")
        return parameter


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _JSON.raw_decode(text, at)
    except (json.JSONDecodeError, RecursionError):
        raise DefinitionError(f"expected a JSON value, got {text[at : at + 40]!r}") from None
    return value, end


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _end(line: str, end: int) -> None:
    if line[end:].strip():
        raise DefinitionError(f"unexpected {line[end : end + 40]!r}")
