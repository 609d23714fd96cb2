"""Assumptions of the plan, which are not measured: machines, prices, networks, and the models of an example."""

from __future__ import annotations

GIB = 1 << 30
CORES = 4
MEMORY_BYTES = 16 * GIB
"""A machine of the plan: four cores, each with a serving process, and 16 GiB."""
BUDGET = 0.75
"""Share of a machine's memory for models; the rest is for requests, copies of weights, and the system."""
USE = 0.5
"""Share of the processor time that calls may take at peak: what is left bears a zone's loss and bursts."""
CORE_HOUR, GIB_HOUR = 0.04, 0.005
"""US dollars an hour for a core and for a GiB, of the order that large clouds ask for such machines."""
HOURS_A_MONTH = 730
NETWORK_BYTES = 125e6
"""Bytes a second that a machine fetches objects with: a gigabit."""
MODELS, FAMILIES = 100_000, 2_000
"""The example: models of a fit each, and fits; the sizes of families follow a Zipf law with exponent 1."""
POPULARITY = 1.0
"""Exponent of the Zipf law of calls over models."""
HOT = 0.1
"""Share of a machine's mean calls from which a model is on all machines, whatever the rule."""
PEAK = 1_000_000
"""Calls a second of the example at its peak."""
ZONES = 3
SEED = 17
