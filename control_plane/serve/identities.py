"""Records changes of the file of identities: who was added or removed, and whose roles or credentials changed."""

from __future__ import annotations

from collections.abc import Iterator

from pretzel.control_plane.catalog.audit import Change
from pretzel.serving.identity.file import Identities, Identity
from pretzel.serving.identity.roles import Role

METHOD = "Identities"
"""Method of such records."""
_CREDENTIALS = {"token", "token_file", "token_env", "certificate", "jwt"}


def change_of(before: Identities, after: Identities) -> Change:
    """Return what differs, without any hash or secret; the files that the identities name may differ alone."""
    lost, gained = dict(_described(before)), dict(_described(after))
    differing = {key for key in {*lost, *gained} if lost.get(key) != gained.get(key)}
    renewed = {f"credentials of {name}": "changed" for name in _renewed(before, after)}
    if not differing and not renewed:
        renewed = {"secrets": "read again"}
    return Change(
        before={key: value for key, value in lost.items() if key in differing},
        after={key: value for key, value in gained.items() if key in differing} | renewed,
    )


def _described(identities: Identities) -> Iterator[tuple[str, str]]:
    for identity in identities.identity:
        given = ((role, getattr(identity, role)) for role in Role if role is not Role.WORKER)
        roles = [f"{role} {' '.join(patterns)}" for role, patterns in given if patterns]
        yield f"identity {identity.name}", "; ".join(roles + ["worker"] * identity.worker) or "no role"
    for issuer in identities.issuer:
        yield f"issuer {issuer.issuer}", f"audience {issuer.audience}"


def _renewed(before: Identities, after: Identities) -> Iterator[str]:
    last = {identity.name: _credentials(identity) for identity in before.identity}
    for identity in after.identity:
        if identity.name in last and last[identity.name] != _credentials(identity):
            yield identity.name


def _credentials(identity: Identity) -> dict[str, object]:
    return identity.model_dump(include=_CREDENTIALS)
