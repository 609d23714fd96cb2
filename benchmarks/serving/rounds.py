"""Simulate the rounds of an event loop under overload, on a clock of its own: ``python -m benchmarks.serving.rounds``.

The rules of :mod:`pretzel.data_plane.transport.delay` decide; calls, reads and rounds take fixed times.  It shows what
the rules do, which the load of other programs on a machine hides, and not what a server reaches.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport import delay as module
from pretzel.data_plane.transport.admission import LARGE, PIECE
from pretzel.data_plane.transport.delay import PAUSE, Delay
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods
from pretzel.data_plane.transport.shedding import Shedding

CONNECTIONS, SEGMENT, CALL_BYTES = 4, 256 << 10, 430
READ, POLL, REFUSE = 60e-6, 20e-6, 0.1e-6
"""Seconds of a segment, of a round, and of a refused call."""
BOUND, WITHIN = 0.02, 0.05


class Clock:
    """The time, and the callbacks of the next round."""

    def __init__(self) -> None:
        self.now, self._ready = 0.0, list[Callable[[], None]]()

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back at the end of the round."""
        self._ready.append(callback)

    def end_round(self) -> None:
        """Call back."""
        ready, self._ready = self._ready, []
        for callback in ready:
            callback()


class Earlier(Delay):
    """The rules without a rest, and without looks into rounds."""

    def look(self, now: float) -> bool:
        """Return whether an overload lasts; that is seen within a round only after some long ones."""
        self._looked = now
        return super().look(now)

    def _is_proof(self, now: float) -> bool:
        return now - self._crowd > PAUSE


class Simulation:
    """Connections with calls that arrive at random, and one event loop."""

    def __init__(self, rules: type[Delay], cost: float, load: float, seed: int) -> None:
        self.clock = clock = Clock()
        vars(module).update(time=clock, asyncio=SimpleNamespace(get_running_loop=lambda: clock))
        self.shedding = Shedding(Methods(), Limits(delay_seconds=BOUND), Tally())
        self.shedding.delay = self.delay = rules()
        self._divides = rules is Delay
        self._cost, self._draw = cost, random.Random(seed)
        self.capacity = 1 / (cost + (READ + POLL / CONNECTIONS) / 16)
        self._rate = load * self.capacity
        self._next, self._turn = self._gap(), 0
        self._unread = [deque[float]() for _ in range(CONNECTIONS)]
        self._heard = [0.0] * CONNECTIONS
        self.waits = list[float]()
        """Seconds of each answered call."""

    def run(self, seconds: float) -> float:
        """Return the answers in time, as a part of the capacity."""
        while self.clock.now < seconds:
            self._arrive()
            if not any(self._unread):
                self.clock.end_round()
                self.clock.now = max(self.clock.now, self._next)
                continue
            self.clock.now += POLL
            for i in [i for i in range(CONNECTIONS) if self._unread[i]]:
                self._read(i)
            self.clock.end_round()
        return sum(wait <= WITHIN for wait in self.waits) / seconds / self.capacity

    def _gap(self) -> float:
        return self._draw.expovariate(self._rate)

    def _arrive(self) -> None:
        while self._next <= self.clock.now:
            self._unread[self._turn].append(self._next)
            self._turn = (self._turn + 1) % CONNECTIONS
            self._next += self._gap()

    def _read(self, i: int) -> None:
        """Answer or refuse a segment."""
        self._arrive()
        before, self._heard[i] = self._heard[i], self.clock.now
        self.delay.arrive(self.clock.now)
        calls = [self._unread[i].popleft() for _ in range(min(len(self._unread[i]), SEGMENT // CALL_BYTES))]
        self.clock.now += READ
        if self.delay.overloaded or (self._divides and len(calls) * CALL_BYTES >= LARGE):
            answered = self._divide(len(calls), max(before, self.delay.since), self.shedding.share(len(calls)))
        else:
            answered = len(calls)
            self.clock.now += self._cost * answered
        self.waits += [self.clock.now - arrival for arrival in calls[:answered]]  # they are sent together

    def _divide(self, calls: int, arrived: float, share: float) -> int:
        """Answer calls while there is time, as the admission does; return their number."""
        begun, done = self.clock.now, 0
        while done < calls:
            now, count = self.clock.now, PIECE
            spent = now - begun
            if self.delay.look(now):
                if spent >= share or now - arrived > BOUND:
                    self.delay.refuses = True
                    self.clock.now += REFUSE * (calls - done)
                    return done
                count = max(1, min(PIECE, int(done * (share - spent) / spent) if done else 1))
            count = min(count, calls - done)
            self.clock.now += self._cost * count
            done += count
        return done


def main() -> None:
    """Print one line per cost and load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--costs", default="100,330,450", help="microseconds per call")
    parser.add_argument("--loads", default="1.3,2,3", help="multiples of the capacity")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, default=6)
    arguments = parser.parse_args()
    print(
        "| us | load | goodput before | least | p99 ms | goodput | least | p99 ms |\n|---|---|---|---|---|---|---|---|"
    )
    for cost in map(float, arguments.costs.split(",")):
        for load in map(float, arguments.loads.split(",")):
            cells = [f"{cost:g}", f"{load:.0%}"]
            for rules in (Earlier, Delay):
                found = []
                for seed in range(arguments.seeds):
                    simulation = Simulation(rules, cost * 1e-6, load, seed)
                    found.append((simulation.run(arguments.seconds), simulation.waits))
                cells += _cells(found)
            print("| " + " | ".join(cells) + " |", flush=True)


def _cells(found: list[tuple[float, list[float]]]) -> list[str]:
    parts = [part for part, _ in found]
    last = statistics.median(sorted(waits)[len(waits) * 99 // 100] for _, waits in found)
    return [f"{statistics.median(parts):.0%}", f"{min(parts):.0%}", f"{last * 1000:.0f}"]


if __name__ == "__main__":
    main()
