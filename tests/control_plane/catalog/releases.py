"""Releases that differ by a seed, and their deployment."""

from pretzel.control_plane.catalog import Catalog, Release
from pretzel.plan.digest import Digest


def release(seed: object = 0, kernel_set: str = "1", **metadata: object) -> Release:
    plan, definition = Digest.of(f"plan {seed}".encode()), Digest.of(f"definition {seed}".encode())
    weights = Digest.of(f"weights {seed}".encode())
    return Release(plan, definition, 100, {plan: [weights], definition: [weights]}, metadata, kernel_set=kernel_set)


def deploy(catalog: Catalog, name: str = "m", seed: object = 0, alias: str | None = "stable") -> int:
    return catalog.publish(name, release(seed), alias)[0].version
