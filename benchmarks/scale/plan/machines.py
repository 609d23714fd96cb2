"""Capacity and cost of a number of machines, with models that share parameters and with models that do not."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.scale.plan import assumed
from benchmarks.scale.plan.measured import Measured


@dataclass(frozen=True)
class Capacity:
    """Machines, each model on one of them."""

    machines: int
    siblings: int
    """Models, if families of fifty share what the measured siblings share."""
    alone: int
    """Models, if each has its own copy of it."""
    text_calls: float
    """Calls a second of text models, within the planned use of the processors."""
    small_calls: float
    """The same of linear models of 13 columns."""
    month: float
    """US dollars a month."""

    @property
    def cents_a_sibling(self) -> float:
        """Return US cents a month for a model that shares."""
        return 100 * self.month / self.siblings

    @property
    def cents_a_model_alone(self) -> float:
        """Return US cents a month for a model that shares nothing."""
        return 100 * self.month / self.alone


def capacity(machines: int, measured: Measured, family: int = assumed.MODELS // assumed.FAMILIES) -> Capacity:
    """Return what a number of machines holds; families of a size lie together."""
    room, own = machines * room_of_machine(measured), own_of_machine(measured)
    cores = machines * assumed.CORES * assumed.USE * measured.tls_factor
    hourly = assumed.CORES * assumed.CORE_HOUR + assumed.MEMORY_BYTES / assumed.GIB * assumed.GIB_HOUR
    return Capacity(
        machines,
        siblings=int(room / (own + measured.shared_bytes / family)),
        alone=int(room / (own + measured.shared_bytes)),
        text_calls=cores / measured.text_seconds,
        small_calls=cores / measured.small_seconds,
        month=machines * hourly * assumed.HOURS_A_MONTH,
    )


def room_of_machine(measured: Measured) -> float:
    """Return the bytes for models on one machine, without those of the processes themselves."""
    return assumed.MEMORY_BYTES * assumed.BUDGET - measured.empty_bytes * assumed.CORES


def own_of_machine(measured: Measured) -> float:
    """Return the bytes of one model on one machine, without what it shares with others."""
    return measured.own_bytes + (assumed.CORES - 1) * measured.private_bytes


def calls_of_machine(measured: Measured) -> float:
    """Return the calls a second of text models that a machine takes within the planned use."""
    return capacity(1, measured).text_calls
