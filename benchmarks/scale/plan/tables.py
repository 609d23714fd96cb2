"""The tables of the plan, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.scale.plan import assumed, cold, control, zones
from benchmarks.scale.plan.machines import calls_of_machine, capacity
from benchmarks.scale.plan.measured import MIB, Measured
from benchmarks.scale.plan.placement import RULES, outcome, place
from benchmarks.scale.plan.workload import example

COUNTS = (1, 10, 100)
PLACED = ((12, 1), (12, 2), (99, 2))
"""Machines and replicas of the placements that are compared."""
ROOMS_GIB = (1, 2, 4, 6)
Table = list[str]
TABLES: dict[str, Callable[[Measured], Table]] = {}


def table(function: Callable[[Measured], Table]) -> Callable[[Measured], Table]:
    """Add a table under the name of its function."""
    TABLES[function.__name__] = function
    return function


def rows(head: str, lines: Iterable[str]) -> Table:
    """Return a table with its head and rule."""
    return [head, "|" + "---|" * (head.count("|") - 1), *lines]


@table
def measured(found: Measured) -> Table:
    mib = [found.shared_bytes / MIB, found.own_bytes / MIB, found.private_bytes / MIB, found.empty_bytes / MIB]
    return rows(
        "| figure | value | from |",
        [
            f"| what text models of one fit share | {mib[0]:.2f} MiB | [mechanisms](benchmarks/mechanisms.md) |",
            f"| a model's own | {mib[1]:.2f} MiB | [mechanisms](benchmarks/mechanisms.md) |",
            f"| of it again in each further serving process | {mib[2]:.3f} MiB | [scale](benchmarks/scale.md) |",
            f"| an empty worker | {mib[3]:.0f} MiB | [scale](benchmarks/scale.md) |",
            f"| a call of a text model | {found.text_seconds * 1e6:.1f} us | [serving](benchmarks/serving.md) |",
            f"| a call of a small model | {found.small_seconds * 1e6:.1f} us | [serving](benchmarks/serving.md) |",
            f"| rate over TLS | {found.tls_factor:.2f} | [serving](benchmarks/serving.md) |",
            f"| a first call | {found.cold_seconds * 1e3:.2f} ms | [scale](benchmarks/scale.md) |",
            f"| a load | {found.load_seconds * 1e3:.2f} ms | [scale](benchmarks/scale.md) |",
            f"| a deployment | {found.deploy_seconds * 1e3:.1f} ms | [scale](benchmarks/scale.md) |",
            f"| its work in each worker | {found.follow_seconds * 1e3:.1f} ms | [scale](benchmarks/scale.md) |",
        ],
    )


@table
def machines(found: Measured) -> Table:
    lines = [
        f"| {plan.machines} | {plan.siblings:,} | {plan.alone:,} | {plan.text_calls:,.0f} | {plan.small_calls:,.0f} "
        f"| {plan.month:,.0f} | {plan.cents_a_sibling:.2f} | {plan.cents_a_model_alone:.2f} |"
        for plan in (capacity(count, found) for count in COUNTS)
    ]
    return rows(
        "| machines | siblings | models that share nothing | calls/s, text | calls/s, small | $ a month "
        "| cents a sibling | cents a model that shares nothing |",
        lines,
    )


@table
def placements(found: Measured) -> Table:
    work = example(found)
    lines = []
    for count, replicas in PLACED:
        for name, rule in RULES.items():
            got = outcome(work, rule, count, replicas)
            lines.append(
                f"| {count} | {replicas} | {name} | {got.mean_bytes / assumed.GIB:.2f} | "
                f"{got.most_bytes / assumed.GIB:.2f} | {got.duplication:.2f} | {got.busiest:.2f} | {got.moved:.1%} |"
            )
    return rows(
        "| machines | replicas | rule | GiB a machine | largest | bytes over distinct ones | busiest over mean "
        "| moved by a machine more |",
        lines,
    )


@table
def cold_calls(found: Measured) -> Table:
    work, (count, replicas) = example(found), PLACED[1]
    rooms = [gib * assumed.GIB for gib in ROOMS_GIB]
    lines = [_shares("none: any machine", [cold.everywhere(work, count, room) for room in rooms])]
    for name, rule in RULES.items():
        placed = place(work, rule, count, replicas)
        lines.append(_shares(name, [cold.share(work, placed, room) for room in rooms]))
    return rows("| rule |" + "".join(f" {gib} GiB |" for gib in ROOMS_GIB), lines)


def _shares(name: str, shares: list[float]) -> str:
    return f"| {name} |" + "".join(f" {share:.1%} |" for share in shares)


@table
def replicas(found: Measured) -> Table:
    work = example(found)
    hottest = zones.replicas_of_hottest(work, assumed.PEAK, calls_of_machine(found))
    return rows(
        "| rank of the model | calls/s | least replicas |",
        [f"| {rank:,} | {calls:,.0f} | {least} |" for rank, calls, least in hottest],
    )


@table
def zone_loss(found: Measured) -> Table:
    work, lines = example(found), []
    for count, number in PLACED:
        for name, rule in RULES.items():
            loss = zones.lose(work, place(work, rule, count, number), found)
            lines.append(
                f"| {count} | {number} | {name} | {loss.capacity:.0%} | {loss.orphans:.1%} | "
                f"{loss.orphaned_calls:.1%} | {loss.use:.0%} | {loss.seconds:.1f} |"
            )
    return rows(
        "| machines | replicas | rule | capacity left | models without a replica | their calls | use of the busiest "
        "| seconds to restore |",
        lines,
    )


@table
def control_plane(found: Measured) -> Table:
    bounds = control.limits(found, control.read(), assumed.MODELS)
    lines = [
        f"| deployments an hour, {watchers:,} workers that follow | {rate:,.0f} |"
        for watchers, rate in bounds.deployments_an_hour.items()
    ]
    return rows(
        "| bound | value |",
        [
            *lines,
            f"| deployments a second that a worker follows with one core | {bounds.workers_follow:,.0f} |",
            f"| workers whose reports fill one control plane | {bounds.workers_by_reports:,.0f} |",
            f"| hours to deploy {assumed.MODELS:,} models, one after another | {bounds.first_hours:.1f} |",
        ],
    )
