"""Python stages in side processes: pools, confinement and environments.  Nothing is unpickled outside of those."""
