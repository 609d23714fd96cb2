"""Checks a data directory: every version has its plan, its definition and all that they name, whole."""

from __future__ import annotations

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.store import ObjectStore
from pretzel.errors import CorruptObjectError, DefinitionError, NotFoundError
from pretzel.plan.definition import parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode
from pretzel.plan.physical import Plan


def audit(store: ObjectStore, catalog: Catalog) -> list[str]:
    """Return what is wrong, one line each; nothing, for a sound directory.  Reads every object that is needed."""
    problems = []
    known = catalog.holdings()
    for model in catalog.models():
        for version in model.versions:
            needed = {version.plan, version.definition}
            try:
                needed.update(Plan.from_encoded(store.get(version.plan)).objects)
                needed.update(parameter_digests(decode(store.get(version.definition))))
            except (NotFoundError, CorruptObjectError, DefinitionError) as error:
                problems.append(f"{version}: {error}")
            held = known.get(version.plan, set()) | known.get(version.definition, set())
            problems += [f"{version}: object {digest} may be collected" for digest in needed - held]
            problems += [f"{version}: {problem}" for problem in _damaged(store, needed)]
    return problems


def _damaged(store: ObjectStore, digests: set[Digest]) -> list[str]:
    found = []
    for digest in sorted(digests):
        try:
            store.get(digest)
        except (NotFoundError, CorruptObjectError) as error:
            found.append(str(error))
    return found
