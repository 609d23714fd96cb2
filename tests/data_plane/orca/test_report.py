"""The figures of a report, from sources that the test sets."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest

from pretzel.data_plane.measure import work as works
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.measure.figures import Done, Figures, memory_of
from pretzel.data_plane.measure.rates import ENOUGH, LONGEST, SHORTEST, Window
from pretzel.data_plane.measure.work import MOST_IDLE, Sources, Spent, Work
from pretzel.data_plane.orca import report as reports
from pretzel.data_plane.orca.messages import OrcaLoadReport
from pretzel.data_plane.orca.report import Report, Reporter


class Machine:
    """Clocks and sources that move only by assignment."""

    def __init__(self) -> None:
        self.processor = self.loop = self.polled = self.python = 0.0
        self.running = self.queued = 0
        self.tally = Tally()
        sources = Sources(lambda: self.running, lambda: self.queued, lambda: self.polled, lambda: self.python)
        self.work = Work(self.tally, sources)
        self.work._processor, self.work._loop = Spent(lambda: self.processor), Spent(lambda: self.loop)
        self.work._sampled = 0.0

    def answer(self, calls: int) -> None:
        for _ in range(calls):
            self.tally.calls("Predict", "m").observe(1e-5)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(reports, "usable_cores", lambda: 4.0)
    monkeypatch.setattr(reports, "used_memory", lambda: 0.75)
    monkeypatch.setattr(works, "MOST_IDLE", 0.0)  # an idle process takes nothing, unless a test says so
    return Machine()


def reporter_of(machine: Machine, figures: Figures | None = None, slot: int = 0) -> tuple[Report, Reporter]:
    report = Report()
    reporter = Reporter(report, figures or Figures(1), slot, machine.work, side_processes=2)
    reporter._window = Window(reporter._figures, 0.0)
    for spent in (machine.work._processor, machine.work._loop):
        spent._idle = 0.0
    return report, reporter


def read(report: Report):
    return OrcaLoadReport.FromString(report.data)


def test_rates_are_shares_of_the_cores_and_per_second(machine):
    report, reporter = reporter_of(machine)
    machine.answer(100)
    machine.processor, machine.loop, machine.queued = 2.0, 0.25, 3
    for code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "NOT_FOUND"):
        machine.tally.error("Predict", "m", code)
    assert reporter.renew(2.0)
    found = read(report)
    assert found.cpu_utilization == pytest.approx(2.0 / 2 / 4)
    assert found.application_utilization == found.cpu_utilization
    assert found.utilization["event_loops"] == pytest.approx(0.125)
    assert found.rps_fractional == pytest.approx(52.0)
    assert found.eps == pytest.approx(1.0)  # the worker did not fail invalid requests
    assert found.mem_utilization == 0.75
    assert found.named_metrics["queued"] == 3


def test_a_full_event_loop_is_full_use_on_any_number_of_cores(machine):
    report, reporter = reporter_of(machine)
    machine.answer(1)
    machine.processor = machine.loop = 2.0
    reporter.renew(2.0)
    assert read(report).cpu_utilization == pytest.approx(0.25)
    assert read(report).application_utilization == pytest.approx(1.0)


def test_side_processes_in_use_count(machine):
    report, reporter = reporter_of(machine)
    machine.answer(1)
    machine.python = 3.0
    reporter.renew(2.0)
    assert read(report).utilization["python_stages"] == pytest.approx(0.75)
    assert read(report).application_utilization == pytest.approx(0.75)


def test_polling_is_no_work(machine):
    report, reporter = reporter_of(machine)
    machine.answer(1)
    machine.processor, machine.loop, machine.polled = 1.0, 1.0, 0.75
    reporter.renew(1.0)
    assert read(report).utilization["event_loops"] == pytest.approx(0.25)


def test_an_unused_process_reports_no_work(machine):
    report, reporter = reporter_of(machine)
    machine.processor = machine.loop = 0.01
    assert not reporter.renew(1.0)
    assert (read(report).rps_fractional, read(report).application_utilization) == (0, 0)


def test_a_long_call_counts_before_it_ends(machine):
    report, reporter = reporter_of(machine)
    machine.running, machine.processor = 1, 4.0
    assert reporter.renew(2.0)
    assert read(report).cpu_utilization == pytest.approx(0.5)


def test_what_an_idle_process_takes_is_learned_and_left_out():
    clock = 0.0
    spent = Spent(lambda: clock)
    for _ in range(3):
        clock += 0.004
        spent.add(1.0, 0.0, in_use=False)
    clock += 0.104
    spent.add(1.0, 0.0, in_use=True)
    assert spent.seconds == pytest.approx(0.1)


def test_work_before_the_first_call_does_not_count_as_idle():
    clock = 0.0
    spent = Spent(lambda: clock)
    clock += 0.9  # models are loaded
    spent.add(1.0, 0.0, in_use=False)
    clock += 0.5
    spent.add(1.0, 0.0, in_use=True)
    assert spent.seconds == pytest.approx(0.5 - MOST_IDLE)


@contextmanager
def shared(processes: int):
    memory = memory_of(processes)
    try:
        yield [Figures(processes, memory) for _ in range(processes)]
    finally:
        os.close(memory)


def test_all_processes_of_a_worker_report_the_same(machine):
    other = Machine()
    with shared(2) as (first, second):
        (report, reporter), (others, other_reporter) = reporter_of(machine, first, 0), reporter_of(other, second, 1)
        machine.answer(10)
        machine.processor, other.processor, other.loop = 1.0, 7.0, 2.0
        other.answer(20)
        other_reporter.renew(2.0)
        reporter.renew(2.0)
        other_reporter.renew(2.0)
    assert read(report) == read(others)
    assert read(report).cpu_utilization == pytest.approx(8 / 2 / 4)
    assert read(report).rps_fractional == pytest.approx(15.0)
    assert read(report).utilization["event_loops"] == pytest.approx(0.5)


def test_a_process_that_starts_again_takes_nothing_away():
    figures = Figures(2)
    window = Window(figures, 0.0)
    figures.write(0, Done(processor=1.0, calls=10))
    figures.write(1, Done(processor=5.0, calls=10))
    window.rates(1.0)
    figures.write(0, Done(processor=0.5, calls=3))  # restarted
    figures.write(1, Done(processor=6.0, calls=14))
    rates = window.rates(2.0)
    assert (rates.processor, rates.calls) == (pytest.approx(7 / 2), pytest.approx(24 / 2))


def test_a_window_is_short_under_load_and_long_without():
    figures = Figures(1)
    window = Window(figures, 0.0)
    figures.write(0, Done(processor=10.0, calls=10))
    window.rates(1.0)
    for second in range(2, 2 + int(SHORTEST)):
        figures.write(0, Done(processor=10.0 + ENOUGH * (second - 1), calls=10 + second))
        rates = window.rates(float(second))
    # The burst of the first second has left the window, which began with its end.
    assert rates.calls == pytest.approx((10 + second - 10) / SHORTEST)
    for step in range(1, int(LONGEST)):
        rates = window.rates(second + float(step))
    assert rates.calls > 0  # too little work since: the older moments still count
    assert window.rates(second + 2 * LONGEST).calls == 0
