"""Selectors of labels in the syntax of Kubernetes: `team=ads,tier!=test,region in (eu, us),!retired`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pretzel.errors import InputError
from pretzel.plan.labels import check_keys, check_value

MOST_SELECTOR = 4096
MOST_REQUIREMENTS = 32
MOST_VALUES = 64
"""Values of one requirement."""
FORMS = "key=value, key!=value, key in (a, b), key notin (a, b), key or !key, separated by commas"

_KEY = r"(?P<key>[^\s,=!()]+)"
_FORMS = tuple(
    map(
        re.compile,
        (
            rf"{_KEY}\s+(?P<kind>in|notin)\s*\((?P<values>[^()]*)\)",
            rf"{_KEY}\s*(?P<kind>==|!=|=)\s*(?P<values>[^\s,=!()]*)",
            rf"(?P<kind>!)\s*{_KEY}",
            _KEY,
        ),
    )
)
_COMMA = re.compile(r"\s*(?:,\s*|$)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on the label of one key."""

    key: str
    values: tuple[str, ...] | None = None
    """Values of which it has one; None for any value."""
    negated: bool = False
    """The condition does not hold: the label has another value, or is absent."""

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether it holds of some labels."""
        value = labels.get(self.key)
        has = value is not None and (self.values is None or value in self.values)
        return has != self.negated


def parse(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of a selector; none if it is empty.

    Raises:
        InputError: it is malformed or too long; the message says where.
    """
    if len(text) > MOST_SELECTOR:
        raise InputError(f"selector: {len(text):,} characters; at most {MOST_SELECTOR:,} are accepted")
    found = tuple(_requirements(text.strip()))
    if len(found) > MOST_REQUIREMENTS:
        raise InputError(f"selector: {len(found)} requirements; at most {MOST_REQUIREMENTS} are accepted")
    return found


def _requirements(text: str) -> Iterator[Requirement]:
    at = 0
    while at < len(text):
        for form in _FORMS:
            match = form.match(text, at)
            comma = match and _COMMA.match(text, match.end())
            if match and comma:
                break
        else:
            raise InputError(f"selector {text[:200]!r}: it is malformed at {text[at : at + 40]!r}; expected {FORMS}")
        parts = match.groupdict()
        yield _requirement(parts.get("kind"), parts["key"], parts.get("values"))
        at = comma.end()
        if at == len(text) and text.endswith(","):
            raise InputError(f"selector {text[:200]!r}: it ends with a comma; expected {FORMS}")


def _requirement(kind: str | None, key: str, listed: str | None) -> Requirement:
    check_keys([key])
    if listed is None:
        return Requirement(key, None, kind == "!")
    several = kind in ("in", "notin")
    values = tuple(dict.fromkeys(value.strip() for value in listed.split(","))) if several else (listed,)
    if several and not listed.strip():
        raise InputError(f"selector: {key} {kind} (): expected at least one value in the brackets")
    if len(values) > MOST_VALUES:
        raise InputError(f"selector: {key} {kind}: {len(values)} values; at most {MOST_VALUES} are accepted")
    for value in values:
        check_value(value, f"selector: {key}")
    return Requirement(key, values, kind in ("notin", "!="))


def matches(requirements: Iterable[Requirement], labels: Mapping[str, str]) -> bool:
    """Return whether labels fulfil all requirements."""
    return all(requirement.holds(labels) for requirement in requirements)
