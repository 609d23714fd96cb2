"""Convert definitions and plans to and from messages, via the trees that are hashed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pretzel.plan.ops  # noqa: F401  (registers the operators that definitions are built from)
from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition, from_tree, named_tree
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, PlanOutput, Stage
from pretzel.plan.steps import KEY
from pretzel.plan.structure import MAX_METADATA, check_structure
from pretzel.plan.wire.attributes import (
    attributes_from_proto,
    attributes_to_proto,
    digest_from_proto,
    digest_to_proto,
)
from pretzel.v1 import plan_pb2 as pb


def definition_to_proto(definition: Definition) -> pb.Definition:
    """Return the message of a definition, which refers to parameters by digest."""
    tree = named_tree(definition)
    return pb.Definition(
        nodes=[_node(item) for item in tree["nodes"]],
        inputs=tree["inputs"],
        outputs=[pb.NamedOutput(name=name, node=node) for name, node in tree["outputs"]],
        metadata=attributes_to_proto(tree["metadata"]),
        steps=[pb.NamedStep(name=name, nodes=nodes) for name, nodes in tree.get(KEY, ())],
    )


def definition_tree(message: pb.Definition) -> dict[str, Any]:
    """Return the tree that a message describes, after structural checks, without building nodes.

    Raises:
        DefinitionError: it is invalid for any parameters; the message names the node.
    """
    size = sum(attribute.ByteSize() for attribute in message.metadata.values())
    size += sum(len(step.name) for step in message.steps)
    if size > MAX_METADATA:
        raise DefinitionError(
            f"definition: {size:,} bytes of metadata; at most {MAX_METADATA:,} are accepted; shorten its names"
        )
    tree = _tree(message)
    check_structure(tree)
    return tree


def definition_from_proto(message: pb.Definition, parameters: Mapping[Digest, Parameter]) -> Definition:
    """Build the definition that a message describes.

    Raises:
        DefinitionError: it is illegal; the message names the node.
    """
    return from_tree(_tree(message), parameters)


def plan_to_proto(plan: Plan) -> pb.Plan:
    """Return the message of a plan, for display and tools; workers load the plan's own bytes."""
    return pb.Plan(
        digest=digest_to_proto(plan.digest),
        kernel_set=plan.kernel_set,
        inputs=[_plan_input(item) for item in plan.inputs],
        stages=[_stage(stage) for stage in plan.stages],
        outputs=[_plan_output(output) for output in plan.outputs],
        metadata=attributes_to_proto(plan.metadata),
    )


def _node(item: dict[str, Any]) -> pb.Node:
    return pb.Node(
        operator=item["op"],
        inputs=item["inputs"],
        attributes=attributes_to_proto(item["attributes"]),
        parameters={name: digest_to_proto(Digest.parse(text)) for name, text in item["parameters"].items()},
    )


def _tree(message: pb.Definition) -> dict[str, Any]:
    return {
        "nodes": [_node_tree(i, node) for i, node in enumerate(message.nodes)],
        "inputs": list(message.inputs),
        "outputs": [[output.name, output.node] for output in message.outputs],
        "metadata": attributes_from_proto(message.metadata),
        **({KEY: [[step.name, list(step.nodes)] for step in message.steps]} if message.steps else {}),
    }


def _node_tree(i: int, node: pb.Node) -> dict[str, Any]:
    try:
        attributes = attributes_from_proto(node.attributes)
        parameters = {name: str(digest_from_proto(digest)) for name, digest in node.parameters.items()}
    except DefinitionError as error:
        raise DefinitionError(f"node {i} ({node.operator[:40]}): {error}") from None
    return {
        "op": node.operator,
        "inputs": list(node.inputs),
        "attributes": attributes,
        "parameters": parameters,
    }


def _stage(stage: Stage) -> pb.Stage:
    return pb.Stage(
        operator=stage.operator,
        kernel=stage.kernel,
        attributes=attributes_to_proto(stage.attributes),
        parameters={name: digest_to_proto(digest) for name, digest in stage.parameters.items()},
        inputs=stage.inputs,
        type=str(stage.type),
        fingerprint=stage.fingerprint,
    )


def _plan_input(item: PlanInput) -> pb.PlanInput:
    return pb.PlanInput(name=item.name, type=str(item.type))


def _plan_output(output: PlanOutput) -> pb.PlanOutput:
    labels = digest_to_proto(output.labels) if output.labels else None
    return pb.PlanOutput(name=output.name, slot=output.slot, labels=labels)
