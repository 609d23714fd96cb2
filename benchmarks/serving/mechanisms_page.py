"""The page of the mechanisms: ``docs/benchmarks/mechanisms.md`` and its figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.harness import circumstances
from benchmarks.pages import PAGES

RESULT = PAGES / "mechanisms.json"


@dataclass(frozen=True)
class Found:
    """A mechanism off and on."""

    name: str
    switch: str
    workload: str
    unit: str
    off: float
    on: float
    ratio: float
    """The gain of switching it on, as a ratio."""

    @property
    def line(self) -> str:
        """Return a line of the table."""
        off, on = (f"{side:,.0f}" if side >= 100 else f"{side:.3g}" for side in (self.off, self.on))
        ratio = f"{self.ratio:.2f}" if self.off else "-"
        return f"| {self.name} | {self.switch} | {self.workload} | {off} | {on} {self.unit} | {ratio} |"


def write(results: Sequence[Found]) -> None:
    """Write the page; mechanisms that were not measured now keep their earlier figures."""
    earlier = json.loads(RESULT.read_text())["mechanisms"] if RESULT.exists() else []
    all_of_them = {item["name"]: Found(**item) for item in earlier} | {item.name: item for item in results}
    figures = [asdict(item) for item in all_of_them.values()]
    RESULT.write_text(json.dumps(circumstances() | {"mechanisms": figures}, indent=1) + "\n")
    lines = [item.line for item in all_of_them.values()]
    RESULT.with_suffix(".md").write_text("\n".join([_HEAD, *lines, _TAIL]))


_HEAD = """\
# Mechanisms

Written by `python -m benchmarks.serving.mechanisms --write`. Two workers differ in one setting, and are measured in
turn. *Ratio* is how many times better the worker with the mechanism is, the median over rounds. The worker has one
core and the load generator the other, except for threads. The workloads are those where the mechanism matters; where
it does not, it costs what its record says. Figures with their circumstances are in
[mechanisms.json](mechanisms.json).

| mechanism | switched by | workload | off | on | ratio |
|---|---|---|---|---|---|"""

UNSWITCHED = (
    ("texts scored in one pass", "1 to 7 % of the time saved, in most chains", "0013-texts-are-scored-in-one-pass"),
    (
        "the control plane lets go of parameters",
        "90 MiB, now 15 MiB after 250 deployments",
        "0030-residency-of-thousands-of-models",
    ),
    (
        "turns by backlogs",
        "a call while another model has 32 callers: 99.9 ms, now 6.6 ms",
        "0032-parts-of-a-run-on-several-threads",
    ),
    (
        "connections handed over",
        "the busier of two processes had 63 % of the load, now 51 %",
        "0033-connections-are-handed-over",
    ),
)
"""Mechanisms without a switch, what they gained when they were built, and their records."""

_TAIL = "\n".join(
    [
        "\nMechanisms without a switch were compared with the program before them; rules of the Oven have [their own "
        "page](oven.md).\n",
        "| mechanism | gain | record |",
        "|---|---|---|",
        *(f"| {name} | {gain} | [{record[:4]}](../adr/{record}.md) |" for name, gain, record in UNSWITCHED),
        "",
    ]
)
