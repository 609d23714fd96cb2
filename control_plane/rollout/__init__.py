"""Decides about rollouts: a function of the time, the rollout, and what its versions did."""
