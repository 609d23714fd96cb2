"""Convert the figures of shadows to and from messages."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.drift import Bins, Distribution
from pretzel.plan.shadows import MOST_EXAMPLES, OutputFigures, ShadowExample, ShadowFigures
from pretzel.plan.wire.blocks import members_of
from pretzel.plan.wire.columns import Value, columns_from_proto
from pretzel.v1 import prediction_pb2 as prediction_pb
from pretzel.v1 import shadow_pb2 as pb

_COUNTS = ("calls", "dropped", "failures", "rows", "disagreeing")
_OF_OUTPUT = ("rows", "disagreeing", "largest_difference", "only_given", "only_shadow")
_OF_EXAMPLE = ("output", "row", "got", "want", "inputs")


def figures_to_proto(figures: ShadowFigures) -> pb.ShadowFigures:
    """Return the message of figures."""
    names = ("model", "alias", "version", "id", "against", "last_failure", *_COUNTS)
    return pb.ShadowFigures(
        **{name: getattr(figures, name) for name in names},
        outputs=[_output_to_proto(name, output) for name, output in sorted(figures.outputs.items())],
        examples=[pb.ShadowExample(**{key: getattr(one, key) for key in _OF_EXAMPLE}) for one in figures.examples],
    )


def figures_from_proto(message: pb.ShadowFigures) -> ShadowFigures:
    """Return the figures of a message.

    Raises:
        InputError: a count is negative, or a distribution has other bins than are known.
    """
    if any(getattr(message, name) < 0 for name in (*_COUNTS, "version", "against")):
        raise InputError(f"shadow of model {message.model[:200]!r}: a count is negative; expected counts from 0")
    figures = ShadowFigures(message.model, message.alias, message.version, message.id, message.against)
    for name in (*_COUNTS, "last_failure"):
        setattr(figures, name, getattr(message, name))
    figures.outputs = {output.name: _output_from_proto(output) for output in message.outputs}
    examples = message.examples[:MOST_EXAMPLES]
    figures.examples = [ShadowExample(**{key: getattr(one, key) for key in _OF_EXAMPLE}) for one in examples]
    return figures


def report_to_proto(source: str, figures: Iterable[ShadowFigures]) -> pb.ShadowReport:
    """Return the message of the figures of one run of a worker."""
    return pb.ShadowReport(source=source, figures=map(figures_to_proto, figures))


def figures_to_bytes(figures: ShadowFigures) -> bytes:
    """Return figures as bytes."""
    return figures_to_proto(figures).SerializeToString(deterministic=True)


def figures_from_bytes(data: bytes) -> ShadowFigures:
    """Return the figures of :func:`figures_to_bytes`."""
    return figures_from_proto(pb.ShadowFigures.FromString(data))


def call_of(message: bytes, streamed: bool) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the columns and the requested outputs of a PredictRequest, or of one of a stream."""
    if streamed:
        request = prediction_pb.PredictStreamRequest.FromString(message).request
    else:
        request = prediction_pb.PredictRequest.FromString(message)
    return columns_from_proto(request.columns), tuple(dict.fromkeys(request.outputs))


def call_of_many(message: bytes) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the columns and the requested outputs of a PredictManyRequest."""
    request = prediction_pb.PredictManyRequest.FromString(message)
    return columns_from_proto(request.columns), tuple(dict.fromkeys(request.outputs))


def answers_of_many(message: bytes) -> list[dict[str, Value]]:
    """Return the outputs of each model of a PredictManyResponse, in the order asked; none of one that failed."""
    response = prediction_pb.PredictManyResponse.FromString(message)
    inside = {
        position: answered.values
        for block in response.blocks
        for position, answered in zip(block.models, members_of(block), strict=True)
    }
    others = (columns_from_proto(result.response.columns) for result in response.results)
    count = len(inside) + len(response.results)
    return [inside[position] if position in inside else next(others) for position in range(count)]


def answers_of(message: bytes, streamed: bool) -> dict[str, Value]:
    """Return the outputs of a PredictResponse, or of one of a stream."""
    if streamed:
        response = prediction_pb.PredictStreamResponse.FromString(message).response
    else:
        response = prediction_pb.PredictResponse.FromString(message)
    return columns_from_proto(response.columns)


def _output_to_proto(name: str, output: OutputFigures) -> pb.OutputFigures:
    distributions = [
        pb.Distribution(bins=pb.Bins.Name(one.bins), given=one.given.tolist(), shadow=one.shadow.tolist())
        for one in output.distributions
    ]
    return pb.OutputFigures(name=name, distributions=distributions, **{key: getattr(output, key) for key in _OF_OUTPUT})


def _output_from_proto(message: pb.OutputFigures) -> OutputFigures:
    figures = OutputFigures(**{key: getattr(message, key) for key in _OF_OUTPUT})
    if min(figures.rows, figures.disagreeing, figures.only_given, figures.only_shadow) < 0:
        raise InputError(f"shadow: output {message.name[:200]!r} has a negative count; expected counts from 0")
    try:
        figures.distributions = [
            Distribution(Bins(one.bins), np.array(one.given, np.int64), np.array(one.shadow, np.int64))
            for one in message.distributions
        ]
    except ValueError as error:
        raise InputError(f"shadow: output {message.name[:200]!r}: {error}") from None
    return figures
