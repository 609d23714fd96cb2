"""Fetches large objects from the store itself, by URLs of the control plane."""

from pretzel.data_plane.pull.direct.fetch import DirectFetcher
from pretzel.data_plane.pull.direct.hosts import Hosts, Rules

__all__ = ["DirectFetcher", "Hosts", "Rules"]
