"""How long the parts that pull wait before they try again."""

from pretzel.backoff import FIRST, LONGEST, delay

__all__ = ["FIRST", "LONGEST", "delay"]
