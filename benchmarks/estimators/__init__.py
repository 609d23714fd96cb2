"""Every served estimator against the library that trained it."""
