"""Types of dates and time spans, as pandas spells them and as the metadata of models keeps them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pretzel.plan.ops.dates import UNITS

NAT = -(2**63)
"""The ticks of a missing date, as in NumPy."""
_FORM = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)(?:, ([^\[\]]{1,80}))?\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateForm:
    """The type of a column of dates: ``datetime64[us, Europe/Berlin]`` or ``timedelta64[ns]``."""

    spans: bool
    """True for time spans, False for dates."""
    unit: str
    """The unit of the ticks: s, ms, us or ns."""
    zone: str | None = None
    """The time zone; the ticks are in UTC."""

    @classmethod
    @lru_cache(256)
    def parse(cls, text: str) -> DateForm:
        """Read what ``str()`` and pandas write.

        Raises:
            ValueError: it is another type.
        """
        match = _FORM.fullmatch(text)
        if match is None or (match[1] == "timedelta64" and match[3]):
            raise ValueError(
                f"{text[:60]!r} is not a type of dates or time spans like datetime64[us] or timedelta64[ns]"
            )
        return cls(match[1] == "timedelta64", match[2], match[3])

    @property
    def per_second(self) -> int:
        """Ticks in a second."""
        return UNITS[self.unit]

    @property
    def numpy(self) -> str:
        """NumPy's type, which has no time zone."""
        return f"{'m8' if self.spans else 'M8'}[{self.unit}]"

    def __str__(self) -> str:
        """Return the type as pandas spells it."""
        name = "timedelta64" if self.spans else "datetime64"
        return f"{name}[{self.unit}{f', {self.zone}' if self.zone else ''}]"


def is_form(text: str) -> bool:
    """Return whether this is a type of dates or time spans with a unit of ticks."""
    try:
        DateForm.parse(text)
    except ValueError:
        return False
    return True
