"""Load generation: arrivals, requests, the transports that carry them, and the figures of a run."""
