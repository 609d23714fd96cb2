"""The limits of identities, and what they use, as an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.v1 import quota_pb2 as pb


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One limit of an identity, and its use."""

    most: float | None
    """None without a limit."""
    used: float | None
    """None for limits that workers keep, and for deployments that no limit counts."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one identity, and its present use."""

    identity: str
    limits: Mapping[str, LimitUse]
    """By the names that the file of identities has for them."""


def quotas(repeater: Repeater) -> Operation[list[Quota]]:
    """Return all identities that the caller may see, page by page."""
    found: list[Quota] = []
    request = pb.ListQuotasRequest()
    while True:
        response = yield from repeater.ask(lambda: UnaryCall("ListQuotas", request))
        found += map(_quota, response.quotas)
        if not response.next_page_token:
            return found
        request.page_token = response.next_page_token


def _quota(message: pb.Quota) -> Quota:
    return Quota(message.identity, {one.name: _use(one) for one in message.limits})


def _use(one: pb.QuotaLimit) -> LimitUse:
    return LimitUse(one.most if one.HasField("most") else None, one.used if one.HasField("used") else None)
