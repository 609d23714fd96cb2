"""`pretzel bench`, a small load generator: each caller sends its next request after the answer to the last one."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pretzel.cli import options, output
from pretzel.cli.files import read
from pretzel.cli.options import SERVER, Json, Name, Server, Timeout
from pretzel.cli.tables.batch import Batch
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.cli.tls import TlsFiles
from pretzel.client import AsyncClient
from pretzel.errors import InputError, PretzelError
from pretzel.plan.model import InputDescription, ModelDescription
from pretzel.plan.values import Csr, Ragged, Texts

_WORDS = np.array("the of and to in is was for on that with as it by be at from this are or".split())
_WARM_CALLS = 5


def bench(
    name: Name,
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Rows to send; random if left out.")
    ] = None,
    method: Annotated[str, typer.Option(help="The estimator's method; its first one if left out.")] = "",
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure.")] = 5,
    concurrency: Annotated[int, typer.Option(min=1, help="Concurrent callers, each with one call at a time.")] = 8,
    rows: Annotated[int, typer.Option(min=1, help="Rows per call.")] = 1,
    format: options.FormatOf = "auto",
    header: options.Header = None,
    column: options.Columns = None,
    na: options.Missing = None,
    no_na: options.NoMissing = False,
    types: options.Types = None,
    delimiter: options.Delimiter = None,
    decimal: options.Decimal = ".",
    server: Server = SERVER,
    timeout: Timeout = 30,
    json: Json = False,
    *,
    tls: TlsFiles,
) -> None:
    """Measure the latency and throughput of one model."""
    load = Load(name, method, seconds, concurrency, rows)
    reading = options.reading_of(format, header, column, na, no_na, types, delimiter, decimal)
    result = asyncio.run(_measure(load, file, reading, server, timeout, tls))
    output.print_json(result) if json else output.print_pairs(_lines(result))


@dataclass
class Load:
    """The load to generate, and its measurements."""

    model: str
    method: str
    seconds: float
    concurrency: int
    rows: int
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def _measure(
    load: Load, file: Path | None, reading: Reading, server: str, timeout: float, tls: TlsFiles
) -> dict[str, Any]:
    async with AsyncClient(server, timeout=timeout, channels=min(load.concurrency, 8), **tls) as client:
        description = await client.describe(load.model)
        load.method = load.method or description.outputs[0].name
        batch = _from_file(file, description, reading, load.rows) if file else None
        columns = batch.X if batch else _random_columns(description.inputs, load.rows)
        load.rows = len(batch) if batch else load.rows
        await _warm(client, load, columns, batch)
        start = time.perf_counter()
        await asyncio.gather(
            *(_call_until(client, load, columns, start + load.seconds) for _ in range(load.concurrency))
        )
        return _result(load, time.perf_counter() - start, description)


async def _warm(client: AsyncClient, load: Load, X: Any, batch: Batch | None) -> None:
    """Call a few times; errors in rows of a file name its lines and columns."""
    for _ in range(_WARM_CALLS):
        with batch.located() if batch else nullcontext():
            await _call(client, load, X)


async def _call(client: AsyncClient, load: Load, X: Any) -> Any:
    if isinstance(X, RandomColumns):
        return await client.infer(load.model, X, [load.method])
    return await client.score(load.model, X, load.method)


async def _call_until(client: AsyncClient, load: Load, X: Any, end: float) -> None:
    while (start := time.perf_counter()) < end:
        try:
            await _call(client, load, X)
            load.latencies.append(time.perf_counter() - start)
        except PretzelError as error:
            load.failures.append(str(error))
            await asyncio.sleep(0.01)


def _from_file(file: Path, description: ModelDescription, reading: Reading, rows: int) -> Batch:
    batch = next(read(file, of_model(description), reading, rows), None)
    if batch is None:
        raise InputError(f"{file}: expected rows, got none")
    return batch


class RandomColumns(dict[str, Any]):
    """Random columns of the types that the model declares, sent unconverted."""


def _random_columns(inputs: tuple[InputDescription, ...], rows: int) -> RandomColumns:
    random = np.random.default_rng(0)
    return RandomColumns((item.name, _column(item, rows, random)) for item in inputs)


def _column(item: InputDescription, rows: int, random: np.random.Generator) -> Any:
    kind = item.type
    if kind.layout == "ragged":
        words = [random.choice(_WORDS, 20).tolist() for _ in range(rows)]
        return Ragged.of(words if kind.is_text else [[1.0] * len(row) for row in words], numbers=not kind.is_text)
    if kind.is_text:
        count = rows * kind.columns
        return Texts.of((" ".join(random.choice(_WORDS, 20)) for _ in range(count)), kind.width)
    shape = (rows,) if kind.width is None else (rows, kind.width)
    numbers = (random.normal(size=shape) * (1 if kind.is_float else 10)).astype(kind.numpy)
    return Csr.of(numbers) if kind.layout == "sparse" else numbers


def _result(load: Load, seconds: float, description: ModelDescription) -> dict[str, Any]:
    if not load.latencies:
        raise InputError(f"model {load.model!r}: no call succeeded; the first failed with: {load.failures[0]}")
    spread = np.percentile(np.array(load.latencies) * 1e3, [50, 90, 99, 100]).round(3).tolist()
    return {
        "model": str(description.version),
        "method": load.method,
        "concurrency": load.concurrency,
        "rows_per_call": load.rows,
        "seconds": round(seconds, 3),
        "calls": len(load.latencies),
        "failures": len(load.failures),
        "calls_per_second": round(len(load.latencies) / seconds, 1),
        "rows_per_second": round(len(load.latencies) * load.rows / seconds, 1),
        "latency_ms": dict(zip(("p50", "p90", "p99", "max"), spread, strict=True)),
    }


def _lines(result: dict[str, Any]) -> list[tuple[str, object]]:
    latency = ", ".join(f"{name} {value:.3f} ms" for name, value in result["latency_ms"].items())
    return [
        *((key.replace("_", " "), value) for key, value in result.items() if key != "latency_ms"),
        ("latency", latency),
    ]
