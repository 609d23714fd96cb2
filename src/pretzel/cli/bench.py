"""`pretzel bench`: generate load, measure, and compare results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pretzel.cli import options, output
from pretzel.cli.bench_output import lines, points, write_json
from pretzel.cli.files import read
from pretzel.cli.options import SERVER, Json, Server, Timeout
from pretzel.cli.tables.batch import Batch
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.cli.tls import TlsFiles, bearer_of, files_of, takes_tls
from pretzel.errors import InputError
from pretzel.loadgen.arrivals import KINDS
from pretzel.loadgen.comparing import compare, different_loads, read_result
from pretzel.loadgen.measuring import Measurement, measure
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.plot import write_plot
from pretzel.loadgen.protocols import PROTOCOLS
from pretzel.loadgen.protocols.predictions import Read
from pretzel.loadgen.result import warnings
from pretzel.loadgen.schedule import Load
from pretzel.loadgen.server import Server as Address
from pretzel.loadgen.trace import read_trace
from pretzel.plan.model import ModelDescription

GRPC_CONNECTIONS, HTTP_CONNECTIONS = 8, 64
Plot = Annotated[Path | None, typer.Option(dir_okay=False, help="Write a plot of the latencies to this file, as SVG.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


class BenchGroup(TyperGroup):
    """A group whose command `run` may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Run a measurement unless a command is named."""
        named = bool(args and args[0] in self.commands) or (ctx.resilient_parsing and not args)  # a shell completes it
        return super().parse_args(ctx, args if named else ["run", *args])


def bench(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="`name`, `name@version` or `name:alias`."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Rows to send; for oip and oip-rest, the JSON body of a request. Random if left out.",
        ),
    ] = None,
    method: Annotated[str, typer.Option(help="The estimator's method; its first one if left out.")] = "",
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure.")] = 5,
    concurrency: Annotated[int, typer.Option(min=1, help="Concurrent callers, each with one call at a time.")] = 8,
    rate: Annotated[
        float | None, typer.Option(help="Calls per second, each sent when it is due, instead of callers.")
    ] = None,
    arrivals: Annotated[str, typer.Option(help=f"Of calls with --rate: {', '.join(KINDS)}.")] = "poisson",
    burst: Annotated[int, typer.Option(min=1, help="Calls per burst.")] = 32,
    trace: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Repeat the calls of this file: `seconds,model,rows` per line."),
    ] = None,
    rows: Annotated[str, typer.Option(help="Rows per call; a mix of sizes and shares is `1:0.9,100:0.1`.")] = "1",
    models: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="More models, one per line, the most popular ones first."),
    ] = None,
    zipf: Annotated[
        float, typer.Option(min=0, help="The k-th model gets calls in proportion to k ** -ZIPF; 0: all alike.")
    ] = 0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds of the same load before the measured ones.")] = 0,
    protocol: Annotated[str, typer.Option(help=f"{', '.join(PROTOCOLS)} (the Open Inference Protocol).")] = "pretzel",
    connections: Annotated[
        int | None, typer.Option(min=1, help="Connections; by default 8, or 64 of HTTP/1.1, or one for each caller.")
    ] = None,
    outstanding: Annotated[
        int, typer.Option(min=1, help="Most calls without an answer; with --rate, others wait, and that counts.")
    ] = 4096,
    slo: Annotated[
        float | None, typer.Option(help="Milliseconds within which an answer is good; prints the goodput.")
    ] = None,
    metrics: Annotated[str, typer.Option(help="URL of the server's metrics: http://127.0.0.1:8002/metrics.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal calls.")] = 0,
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
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the JSON to this file, too.")] = None,
    plot: Plot = None,
    *,
    tls: TlsFiles,
) -> None:
    """Measure latency and throughput under a load: callers that wait for answers, or calls at a rate of their own.

    `pretzel bench compare A.json B.json` compares two results that --out has written.
    """
    reading = options.reading_of(format, header, column, na, no_na, types, delimiter, decimal)
    if protocol not in PROTOCOLS:
        raise typer.BadParameter(f"--protocol {protocol!r}: expected {', '.join(PROTOCOLS)}")
    if trace and (rate is not None or name or models):
        raise typer.BadParameter("--trace names the models and times; leave out NAME, --models and --rate")
    load = Load(
        seconds=seconds,
        warm_up=warm_up,
        callers=0 if trace or rate is not None else concurrency,
        rate=rate or 0.0,
        arrivals=arrivals,
        burst=burst,
        trace=read_trace(trace) if trace else None,
        seed=seed,
        outstanding=outstanding,
        timeout=timeout,
    )
    own = protocol == "pretzel"
    measurement = Measurement(
        server=Address(server, files_of(tls), timeout, bearer_of(tls), tls["insecure_token"]),
        protocol=protocol,
        models=() if trace else _models(name, models),
        sizes=Sizes.parse(rows),
        zipf=zipf,
        method=method,
        load=load,
        connections=connections or _connections(own or protocol == "oip", load),
        file=None if own else file,
        read=_reader(file, reading) if own and file else None,
        slo=slo,
        metrics=metrics,
    )
    result = measure(measurement)
    for warning in warnings(result):
        output.warn(warning)
    _write(result, out, plot)
    output.print_json(result) if json else output.print_pairs(lines(result))


def bench_compare(
    one: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="A.json", help="A result of --out.")],
    other: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="B.json", help="Another one.")],
    json: Json = False,
    plot: Plot = None,
) -> None:
    """Compare two results: each figure of both, and the second over the first."""
    first, second = read_result(one), read_result(other)
    if differences := different_loads(first, second):
        output.warn(f"the loads differ: {', '.join(differences)}")
    for path, result in ((one, first), (other, second)):
        for warning in warnings(result):
            output.warn(f"{path}: {warning}")
    if plot:
        write_plot(plot, {str(one): points(first), str(other): points(second)})
    found = compare(first, second)
    if json:
        output.print_json({name: {"a": a, "b": b, "ratio": ratio} for name, a, b, ratio in found})
    else:
        output.print_table(("", str(one), str(other), "ratio"), _cells(found))


def _cells(found: Iterable[tuple[str, float | None, float | None, float | None]]) -> Iterable[list[object]]:
    for name, *values in found:
        yield [name.replace("_", " "), *("" if value is None else value for value in values)]


def _models(name: str | None, file: Path | None) -> tuple[str, ...]:
    names = [name] if name else []
    if file is not None:
        names += [line.strip() for line in file.read_text().splitlines() if line.strip()]
    if not names:
        raise typer.BadParameter("name a model: NAME, --models or --trace")
    return tuple(dict.fromkeys(names))


def _connections(grpc: bool, load: Load) -> int:
    """Return the default number: calls of one HTTP/1.1 connection wait for each other."""
    if grpc:
        return min(load.callers or GRPC_CONNECTIONS, GRPC_CONNECTIONS)
    return load.callers or HTTP_CONNECTIONS


def _reader(file: Path, reading: Reading) -> Read:
    def rows_of(description: ModelDescription, rows: int) -> Batch:
        batch = next(read(file, of_model(description), reading, rows), None)
        if batch is None:
            raise InputError(f"{file}: expected rows, got none")
        return batch

    return rows_of


def _write(result: dict[str, Any], out: Path | None, plot: Path | None) -> None:
    if out is not None:
        write_json(out, result)
    if plot is not None:
        write_plot(plot, {str(result["model"]): points(result)})


measuring = typer.Typer(cls=BenchGroup, help="Measure latency and throughput; `compare` compares two results.")
measuring.command("run")(takes_tls(bench))
measuring.command("compare")(bench_compare)
