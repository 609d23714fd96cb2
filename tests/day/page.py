"""The page of the documentation on a day: what the steps are, on which machine they ran, and their table."""

from __future__ import annotations

from benchmarks import harness
from tests.day.record import Record

ABOUT = """\
# A day in production

Two control planes over PostgreSQL and S3, and three workers with one serving process each, on one machine with
{models} models: texts that share a vocabulary, linear models and forests. Clients of the SDK call them all the time and
compare each answer with the library's; another client deploys new versions. Each process is killed in turn and started
again at once, as an orchestrator does it.

- *lost*: calls that ended in an error after the SDK's own repetitions; *wrong*: answers that differ from the library's.
- The seconds of a loss last until all servers are ready and every worker serves a new deployment.
- The slow canary is a search of neighbours in place of a linear model: the rule on latency rolls it back.
- The upgrade restarts each server with kernels of another version, once the one before is ready.
- Servers, database, store, clients and the library share {cores} cores, so latencies are those of a loaded machine.

{outcome} Rerun it with `make test-day`.

"""


def page(record: Record, models: int) -> str:
    """Return the page of a record."""
    facts = harness.circumstances()
    machine = f"{facts['processor']} ({facts['cores']} cores)"
    run = f"Measured on {machine}, Python {facts['python']}, commit {facts['commit']}."
    return ABOUT.format(models=models, cores=facts["cores"], outcome=_outcome(record)) + record.table() + f"\n{run}\n"


def _outcome(record: Record) -> str:
    calls, lost, wrong = (sum(getattr(step, name) for step in record.steps) for name in ("calls", "lost", "wrong"))
    problems = "".join(f" PROBLEM: {problem}." for problem in record.problems)
    return f"In all: {calls:,} calls, {lost} lost, {wrong} wrong.{problems}"
