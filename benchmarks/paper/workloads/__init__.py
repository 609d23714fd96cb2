"""The two workloads of the paper: SA, sentiment of texts, and AC, attendee counts of structured rows."""

from benchmarks.paper.workloads.workload import Member, Workload, repeated

__all__ = ["Member", "Workload", "repeated"]
