"""Servers of other projects over a folder of pickled estimators; each runs in an environment of its own."""
