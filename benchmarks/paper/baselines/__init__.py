"""Network servers over the same pickles, and our own: processor time, latency and memory of one-row calls."""

from benchmarks.paper.baselines.measuring import Row, measure, measure_models
from benchmarks.paper.baselines.servers import OURS, RIVALS, SERVERS

__all__ = ["OURS", "RIVALS", "SERVERS", "Row", "measure", "measure_models"]
