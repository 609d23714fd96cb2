"""Rules and mechanisms left out one by one, over given pipelines: memory, load time, latency and throughput."""

from benchmarks.paper.ablations.in_process import Ablation, ablate, names_for
from benchmarks.paper.ablations.in_worker import Setting, settings, settings_of
from benchmarks.paper.ablations.table import table

__all__ = ["Ablation", "Setting", "ablate", "names_for", "settings", "settings_of", "table"]
