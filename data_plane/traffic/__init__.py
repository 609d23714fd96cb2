"""Traffic: which version of a split alias answers a call."""
